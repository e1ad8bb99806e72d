// Group commit (J7): what is pending goes together, a bounded number of groups at a time. After "group commit" of
// databases since IMS Fast Path; measured here at 2-4 times one round trip each.
//
// Invariants:
//   G1. Items of one key are never under way together and keep their order.
//   G2. Nothing waits for company: a group leaves as soon as there is room for one.
import { SamspelError } from "../errors/index.ts";

/** An item with the means to settle its promise. */
export interface Pending<I, R> {
  readonly item: I;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

export interface GroupOptions<I, R> {
  /** What it is that waits, for the error: "appends". */
  readonly what: string;
  readonly maxPending: number;
  readonly maxBatch: number;
  readonly maxInFlight: number;
  readonly keyOf: (item: I) => string;
  /** Settles every one of the group; what it throws is what all unsettled ones fail with. */
  readonly run: (group: readonly Pending<I, R>[]) => Promise<void>;
}

export interface Group<I, R> {
  add(item: I): Promise<R>;
  /** Refuses new items and waits for the pending ones. */
  close(): Promise<void>;
}

export function createGroup<I, R>(options: GroupOptions<I, R>): Group<I, R> {
  const { what, maxPending, maxBatch, maxInFlight, keyOf, run } = options;
  /** Per key, what waits behind the one that is ready or under way. */
  const lanes = new Map<string, Pending<I, R>[]>();
  const ready: Pending<I, R>[] = [];
  const idle: (() => void)[] = [];
  let pending = 0;
  let inFlight = 0;
  let scheduled = false;
  let closed = false;

  const flush = (): void => {
    scheduled = false;
    while (inFlight < maxInFlight && ready.length > 0) {
      inFlight++;
      void runGroup(ready.splice(0, maxBatch));
    }
  };

  const schedule = (): void => {
    if (scheduled || inFlight >= maxInFlight || ready.length === 0) return;
    scheduled = true;
    // Behind all continuations of this turn, so that callers who were answered together go together again.
    setImmediate(flush);
  };

  const runGroup = async (group: readonly Pending<I, R>[]): Promise<void> => {
    try {
      await run(group);
    } catch (error) {
      for (const entry of group) entry.reject(error);
    }
    inFlight--;
    pending -= group.length;
    for (const { item } of group) {
      const key = keyOf(item);
      const next = lanes.get(key)?.shift();
      if (next === undefined) lanes.delete(key);
      else ready.push(next);
    }
    schedule();
    if (pending === 0) for (const resolve of idle.splice(0)) resolve();
  };

  return {
    async add(item) {
      if (closed)
        throw new SamspelError("SAMSPEL_DRAINING", `The journal takes no more ${what}: it is closing`);
      if (pending >= maxPending) throw overloaded(what, maxPending);
      pending++;
      const { promise, resolve, reject } = Promise.withResolvers<R>();
      const key = keyOf(item);
      const lane = lanes.get(key);
      if (lane === undefined) {
        lanes.set(key, []);
        ready.push({ item, resolve, reject });
      } else {
        lane.push({ item, resolve, reject });
      }
      schedule();
      return promise;
    },
    async close() {
      closed = true;
      if (pending > 0) await new Promise<void>((resolve) => idle.push(resolve));
    },
  };
}

function overloaded(what: string, limit: number): SamspelError {
  return new SamspelError("SAMSPEL_OVERLOADED", `Too many ${what} are pending: the limit is ${limit}`, {
    metadata: { limit: String(limit) },
  });
}
