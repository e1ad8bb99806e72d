// Values by key, in the order of their use. A use moves a place in a roster, and leaves the map alone: deleting and setting
// a key at each use would keep the order as well, and make the map outgrow its table again and again (see `Roster`).
import { Roster, type Place } from "../roster/index.ts";

interface Entry<V> {
  readonly key: string;
  readonly value: V;
  place: Place | undefined;
}

/** The order is that of the last use, the longest unused first. */
export class RecentlyUsed<V> {
  readonly #entries = new Map<string, Entry<V>>();
  #order = new Roster<Entry<V>>();

  get size(): number {
    return this.#entries.size;
  }

  /** The value of a key, which is the last used from now on. */
  use(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    entry.place?.leave();
    entry.place = this.#order.add(entry);
    return entry.value;
  }

  /** Adds the value of a key that has none; it is the last used. */
  add(key: string, value: V): void {
    const entry: Entry<V> = { key, value, place: undefined };
    entry.place = this.#order.add(entry);
    this.#entries.set(key, entry);
  }

  delete(key: string): void {
    this.#entries.get(key)?.place?.leave();
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
    this.#order = new Roster();
  }

  /** From the longest unused on. The one at hand may be deleted meanwhile. */
  *[Symbol.iterator](): Generator<readonly [key: string, value: V]> {
    for (const { key, value } of this.#order) yield [key, value];
  }
}
