// Keys and values with Consul's rules.
//
//   V1. A write that changes nothing keeps the ModifyIndex.
//   V2. A plain write passes a lock by: locks are advisory. It keeps the lock's owner, but sets the LockIndex to 0.
//   V3. A new owner counts the LockIndex up; acquiring again does not. Fence on (LockIndex, Session).
//   V4. A lock lost with its session cannot be taken for the session's lock delay.
import type { IndexClock } from "./index-clock.ts";

export interface KvEntry {
  readonly key: string;
  readonly value: Buffer;
  readonly flags: number;
  readonly session: string | undefined;
  readonly lockIndex: number;
  readonly createIndex: bigint;
  readonly modifyIndex: bigint;
}

/** The condition under which a write takes place. */
export type KvCondition =
  | { readonly type: "always" }
  /** Only if the key's ModifyIndex is this; 0: only if there is no such key. */
  | { readonly type: "cas"; readonly index: bigint }
  /** Only if nobody else holds the key's lock; takes it. */
  | { readonly type: "acquire"; readonly session: string }
  /** Only if this session holds the key's lock; gives it back. */
  | { readonly type: "release"; readonly session: string };

export interface KvStore {
  get(key: string): KvEntry | undefined;
  /** By key, in order. */
  list(prefix: string): readonly KvEntry[];
  /** What a request on a key, or on all keys below a prefix, waits on. */
  indexOf(key: string): bigint;
  indexOfPrefix(prefix: string): bigint;
  /** Whether the condition held. */
  put(key: string, value: Buffer, flags: number, condition: KvCondition): boolean;
  remove(key: string, casIndex?: bigint): boolean;
  removeAll(prefix: string): void;
  /** Lets go of all that a session held, or removes it. */
  endSession(session: string, behavior: "release" | "delete", lockDelayMs: number): void;
}

export function createKvStore(clock: IndexClock): KvStore {
  const entries = new Map<string, KvEntry>();
  /** When keys were last removed, so that an index never goes back. */
  const removals = new Map<string, bigint>();
  const lockedUntil = new Map<string, number>();

  const write = (entry: Omit<KvEntry, "createIndex" | "modifyIndex">): void => {
    const before = entries.get(entry.key);
    const same =
      before !== undefined &&
      before.value.equals(entry.value) &&
      before.flags === entry.flags &&
      before.session === entry.session &&
      before.lockIndex === entry.lockIndex;
    if (same) return;
    const modifyIndex = clock.now + 1n;
    entries.set(entry.key, { ...entry, createIndex: before?.createIndex ?? modifyIndex, modifyIndex });
    clock.touch("kv");
  };
  const remove = (key: string): void => {
    if (!entries.delete(key)) return;
    removals.set(key, clock.now + 1n);
    clock.touch("kv");
  };
  const list = (prefix: string): readonly KvEntry[] =>
    [...entries.values()]
      .filter(({ key }) => key.startsWith(prefix))
      .sort((left, right) => (left.key < right.key ? -1 : 1));
  const holds = (before: KvEntry | undefined, key: string, condition: KvCondition): boolean => {
    switch (condition.type) {
      case "cas":
        return (before?.modifyIndex ?? 0n) === condition.index;
      case "acquire":
        return before?.session === undefined
          ? (lockedUntil.get(key) ?? 0) <= performance.now()
          : before.session === condition.session;
      case "release":
        return before?.session === condition.session;
      default:
        return true;
    }
  };

  return {
    get: (key) => entries.get(key),
    list,
    indexOf: (key) => entries.get(key)?.modifyIndex ?? removals.get(key) ?? 1n,
    indexOfPrefix(prefix) {
      const written = list(prefix).map((entry) => entry.modifyIndex);
      const removed = [...removals].filter(([key]) => key.startsWith(prefix)).map(([, index]) => index);
      return [...written, ...removed].reduce((highest, index) => (index > highest ? index : highest), 1n);
    },
    put(key, value, flags, condition) {
      const before = entries.get(key);
      if (!holds(before, key, condition)) return false;
      const lockIndex = before?.lockIndex ?? 0;
      switch (condition.type) {
        case "acquire":
          write({
            key,
            value,
            flags,
            session: condition.session,
            lockIndex: before?.session === undefined ? lockIndex + 1 : lockIndex,
          });
          break;
        case "release":
          write({ key, value, flags, session: undefined, lockIndex });
          break;
        default:
          write({ key, value, flags, session: before?.session, lockIndex: 0 });
      }
      return true;
    },
    remove(key, casIndex) {
      const before = entries.get(key);
      if (casIndex !== undefined && before !== undefined && before.modifyIndex !== casIndex) return false;
      remove(key);
      return true;
    },
    removeAll(prefix) {
      for (const { key } of list(prefix)) remove(key);
    },
    endSession(session, behavior, lockDelayMs) {
      for (const entry of list("")) {
        if (entry.session !== session) continue;
        if (lockDelayMs > 0) lockedUntil.set(entry.key, performance.now() + lockDelayMs);
        if (behavior === "delete") remove(entry.key);
        else write({ ...entry, session: undefined });
      }
    },
  };
}
