// Keys and values of the registry, for what is set while a system runs and holds in all of its processes.
//
//   V1. One long poll for each prefix, however many watch it (R7). While the registry does not answer, its last word
//       holds; a key that is gone in an answer is gone.
//   V2. Who changes a value says which version of it: two who change it at once do not overwrite each other.
import { asArray, asNumber, asRecord, asString, type ConsulHttp } from "../consul/index.ts";
import type { ResolvedRegistryOptions } from "../options.ts";
import { createSource, lastOf, type Source } from "../watch/index.ts";

/** A value, as it was read. */
export interface StoredValue {
  readonly key: string;
  readonly text: string;
  /** Of the value: another one after each change. */
  readonly version: number;
}

/** The values whose keys begin with a prefix, kept fresh until it is disposed of. */
export interface ValuesWatch extends Disposable {
  /** By key; undefined before the first answer. */
  readonly current: ReadonlyMap<string, StoredValue> | undefined;
  /** `waiting` before the first answer or failure; `unreachable` while the registry does not answer. */
  readonly status: "waiting" | "live" | "unreachable";
  /** Calls the listener after each answer and each failure, never from within; returns how to end that. */
  onChange(listener: () => void): () => void;
}

export interface Values {
  /** Watches all values whose keys begin with a prefix. Their number and size should be small: each change brings all. */
  watch(prefix: string): ValuesWatch;
  /** All values whose keys begin with a prefix, in the order of their keys. */
  list(prefix: string): Promise<readonly StoredValue[]>;
  read(key: string): Promise<StoredValue | undefined>;
  /**
   * Writes a value where its version is still the one that was read (V2); whether it did.
   * @param version Of what `read` gave; undefined where it gave nothing.
   */
  write(key: string, text: string, version: number | undefined): Promise<boolean>;
  /** Removes a value where its version is still the one that was read; whether it did. */
  remove(key: string, version: number): Promise<boolean>;
}

export function createValues(
  http: ConsulHttp,
  options: ResolvedRegistryOptions,
  closed: AbortSignal,
): Values {
  const sources = new Map<string, Source<ReadonlyMap<string, StoredValue>>>();
  const sourceOf = (prefix: string): Source<ReadonlyMap<string, StoredValue>> => {
    const known = sources.get(prefix);
    if (known !== undefined) return known;
    const source = createSource(http, options, {
      what: `watch ${prefix}`,
      path: `/kv/${pathOf(prefix)}`,
      query: { recurse: "" },
      parse: parseValues,
      isEmpty: (values) => values.size === 0,
      // Where no key begins so, Consul answers whenever one beside is written.
      isSame: isSameValues,
    });
    sources.set(prefix, source);
    return source;
  };
  const get = async (
    key: string,
    query: Readonly<Record<string, string>>,
  ): Promise<readonly StoredValue[]> => {
    const { body } = await http.get({
      what: `read ${key}`,
      path: `/kv/${pathOf(key)}`,
      query,
      signal: closed,
    });
    return [...parseValues(body).values()];
  };
  return {
    watch: (prefix) => watchValues(sourceOf(prefix), closed),
    list: (prefix) => get(prefix, { recurse: "" }),
    async read(key) {
      return (await get(key, {}))[0];
    },
    async write(key, text, version = 0) {
      const { body } = await http.send({
        method: "PUT",
        what: `write ${key}`,
        path: `/kv/${pathOf(key)}`,
        query: { cas: String(version) },
        body: text,
        signal: closed,
      });
      return body === true;
    },
    async remove(key, version) {
      const { body } = await http.send({
        method: "DELETE",
        what: `remove ${key}`,
        path: `/kv/${pathOf(key)}`,
        query: { cas: String(version) },
        signal: closed,
      });
      return body === true;
    },
  };
}

function watchValues(source: Source<ReadonlyMap<string, StoredValue>>, closed: AbortSignal): ValuesWatch {
  const leaves = new Set<() => void>();
  const end = (): void => {
    for (const leave of leaves) leave();
    leaves.clear();
    closed.removeEventListener("abort", end);
  };
  closed.addEventListener("abort", end, { once: true });
  if (!closed.aborted) leaves.add(source.subscribe(() => {}));
  return {
    get current() {
      return lastOf(source.state)?.value;
    },
    get status() {
      return source.state.type;
    },
    onChange(listener) {
      const leave = source.subscribe(listener);
      leaves.add(leave);
      return () => {
        leaves.delete(leave);
        leave();
      };
    },
    [Symbol.dispose]: end,
  };
}

function isSameValues(
  before: ReadonlyMap<string, StoredValue>,
  after: ReadonlyMap<string, StoredValue>,
): boolean {
  return (
    before.size === after.size &&
    [...after].every(([key, { version }]) => before.get(key)?.version === version)
  );
}

/** Slashes part a key; whatever else it has must not end the path. */
function pathOf(key: string): string {
  return key.split("/").map(encodeURIComponent).join("/");
}

/** Nothing where no key begins so, which is a 404. @throws TypeError if the answer is no list. */
function parseValues(body: unknown): ReadonlyMap<string, StoredValue> {
  if (body !== undefined && !Array.isArray(body)) throw new TypeError("something else than a list");
  const values = asArray(body).map((item) => {
    const { Key, Value, ModifyIndex } = asRecord(item);
    const text = Buffer.from(asString(Value), "base64").toString("utf8");
    return { key: asString(Key), text, version: asNumber(ModifyIndex) };
  });
  return new Map(values.map((value) => [value.key, value]));
}
