// Consul's notion of change: one index that grows with every write, and requests that wait until what they read has
// a higher one than they know.
//
//   I1. An index is at least 1 and never goes back while the registry lives.
//   I2. A waiting request wakes when what it reads changes, not when something else does.
import { parseDuration } from "./duration.ts";
import { Refusal } from "./refusal.ts";

const defaultWaitMs = 300_000;
const maxWaitMs = 600_000;

export interface IndexClock {
  /** The index of the latest write. */
  readonly now: bigint;
  /** Counts a write to the named resources and wakes who waits; gives the write's index. */
  touch(...resources: readonly string[]): bigint;
  /** The index of the latest write to a resource; 1 if there was none. */
  of(resource: string): bigint;
  /** Resolves when `current()` passes `known`, when the wait is over or when `signal` aborts. */
  wait(current: () => bigint, known: bigint, waitMs: number, signal: AbortSignal): Promise<void>;
  /** Resolves at the next write, or when the wait is over. */
  next(waitMs: number, signal: AbortSignal): Promise<void>;
}

export function createIndexClock(): IndexClock {
  const indexes = new Map<string, bigint>();
  const waiting = new Set<() => void>();
  let now = 1n;
  const next = async (waitMs: number, signal: AbortSignal): Promise<void> => {
    if (signal.aborted || waitMs <= 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, waitMs);
    waiting.add(resolve);
    const abort = (): void => resolve();
    signal.addEventListener("abort", abort);
    await promise;
    signal.removeEventListener("abort", abort);
    clearTimeout(timer);
    waiting.delete(resolve);
  };
  return {
    get now() {
      return now;
    },
    touch(...resources) {
      now++;
      for (const resource of resources) indexes.set(resource, now);
      for (const resolve of waiting) resolve();
      return now;
    },
    of: (resource) => indexes.get(resource) ?? 1n,
    async wait(current, known, waitMs, signal) {
      const endsAt = performance.now() + waitMs;
      while (current() <= known && !signal.aborted && performance.now() < endsAt) {
        await next(endsAt - performance.now(), signal);
      }
    },
    next,
  };
}

/** What a request knows (`index`) and how long it will wait; `undefined` if it wants an answer at once. */
export function parseBlocking(query: URLSearchParams): { known: bigint; waitMs: number } | undefined {
  const index = query.get("index") ?? "";
  if (index !== "" && !/^\d+$/.test(index)) throw new Refusal(400, "Invalid index");
  const waitMs = parseWait(query);
  return index === "" || BigInt(index) === 0n ? undefined : { known: BigInt(index), waitMs };
}

/** The `wait` of a request, 5 minutes if it has none, with up to a sixteenth more, as in Consul. */
export function parseWait(query: URLSearchParams): number {
  const wait = query.get("wait") ?? "";
  const waitMs = wait === "" ? defaultWaitMs : parseDuration(wait);
  if (waitMs === undefined) throw new Refusal(400, "Invalid wait time");
  return Math.min(waitMs, maxWaitMs) * (1 + Math.random() / 16);
}
