// Values by name, with what changed since when: who was told all up to a version is told the rest.
//
//   V1. A change is a value whose JSON is another; one that is gone is a change, too.
//   V2. What is gone is remembered for as long as this lives: names are few.

export interface Versions<T> {
  /** Of the latest change; 0 before the first. */
  readonly version: number;
  /** Takes the values as they are now; true if any changed. */
  set(values: ReadonlyMap<string, T>): boolean;
  /** All values now, by name. */
  all(): readonly T[];
  /** What changed after a version, and the last values of what is gone since then. */
  since(version: number): { readonly changed: readonly T[]; readonly gone: readonly T[] };
}

interface Entry<T> {
  readonly value: T;
  readonly text: string;
  readonly version: number;
  readonly isGone: boolean;
}

export function createVersions<T>(): Versions<T> {
  const entries = new Map<string, Entry<T>>();
  let version = 0;
  const byName = (): readonly Entry<T>[] =>
    [...entries].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
  return {
    get version() {
      return version;
    },
    set(values) {
      const next = version + 1;
      let isChanged = false;
      for (const [name, value] of values) {
        const known = entries.get(name);
        const text = JSON.stringify(value);
        if (known !== undefined && !known.isGone && known.text === text) continue;
        entries.set(name, { value, text, version: next, isGone: false });
        isChanged = true;
      }
      for (const [name, entry] of entries) {
        if (entry.isGone || values.has(name)) continue;
        entries.set(name, { ...entry, text: "", version: next, isGone: true });
        isChanged = true;
      }
      if (isChanged) version = next;
      return isChanged;
    },
    all: () => byName().flatMap(({ value, isGone }) => (isGone ? [] : [value])),
    since(seen) {
      const later = byName().filter((entry) => entry.version > seen);
      return {
        changed: later.flatMap(({ value, isGone }) => (isGone ? [] : [value])),
        gone: later.flatMap(({ value, isGone }) => (isGone ? [value] : [])),
      };
    },
  };
}
