// Group commit (J7): what is pending goes together, a bounded number of groups at a time. After "group commit" of
// databases since IMS Fast Path; measured here at 2-4 times one round trip each.
//
// Invariants:
//   G1. Items of one key are never under way together and keep their order.
//   G2. Nothing waits for company: a group leaves as soon as there is room for one. Where there is room for more than
//       one, they share what is ready: while the database works on one, this process prepares the other.
//   G3. What waits and what is under way is bounded, in number and in bytes; so is each group.
import { SamspelError } from "../errors/index.ts";

/** An item with the means to settle its promise. */
export interface Pending<I, R> {
  readonly item: I;
  readonly key: string;
  readonly bytes: number;
  /** When it was added, by `performance.now()`. */
  readonly sinceMs: number;
  resolve(result: R): void;
  reject(error: unknown): void;
}

export interface GroupOptions<I, R> {
  /** What it is that waits, for the error: "appends". */
  readonly what: string;
  readonly maxPending: number;
  /** Default: no limit. */
  readonly maxPendingBytes?: number;
  readonly maxBatch: number;
  readonly maxInFlight: number;
  readonly keyOf: (item: I) => string;
  /** How many bytes an item counts for. Default 0. */
  readonly bytesOf?: (item: I) => number;
  /** Settles every one of the group; what it throws is what all unsettled ones fail with. */
  readonly run: (group: readonly Pending<I, R>[]) => Promise<void>;
}

export interface Group<I, R> {
  /** @throws SAMSPEL_OVERLOADED beyond the bounds, SAMSPEL_DRAINING after `close`. */
  add(item: I): Promise<R>;
  /** Refuses new items and waits for the pending ones. */
  close(): Promise<void>;
}

/** A group of so many is not shared with another one: that one's round trip would cost more than it gains. */
const worthSharing = 32;
/** A statement of so many bytes gains nothing from more company. */
const maxBatchBytes = 1024 * 1024;

export function createGroup<I, R>(options: GroupOptions<I, R>): Group<I, R> {
  const {
    what,
    maxPending,
    maxPendingBytes = Infinity,
    maxInFlight,
    keyOf,
    bytesOf = () => 0,
    run,
  } = options;
  /** Per key, what waits behind the one that is ready or under way. */
  const lanes = new Map<string, Pending<I, R>[] | undefined>();
  const ready: Pending<I, R>[] = [];
  const idle: (() => void)[] = [];
  let pending = 0;
  let pendingBytes = 0;
  let inFlight = 0;
  let scheduled = false;
  let closed = false;

  const flush = (): void => {
    scheduled = false;
    while (inFlight < maxInFlight && ready.length > 0) {
      const share = Math.max(worthSharing, Math.ceil(ready.length / (maxInFlight - inFlight)));
      inFlight++;
      void runGroup(ready.splice(0, sizeOfNext(ready, Math.min(options.maxBatch, share))));
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
    for (const { key } of group) {
      const next = lanes.get(key)?.shift();
      if (next === undefined) lanes.delete(key);
      else ready.push(next);
    }
    schedule();
    if (lanes.size === 0) for (const resolve of idle.splice(0)) resolve();
  };

  const enqueue = (entry: Pending<I, R>): void => {
    const { key } = entry;
    if (lanes.has(key)) {
      const lane = lanes.get(key);
      if (lane === undefined) lanes.set(key, [entry]);
      else lane.push(entry);
    } else {
      lanes.set(key, undefined);
      ready.push(entry);
    }
    schedule();
  };

  /** Before the caller hears of it, so that there is room for what it adds next. */
  const leave = (bytes: number): void => {
    pending--;
    pendingBytes -= bytes;
  };

  return {
    add(item) {
      const bytes = bytesOf(item);
      if (closed) return Promise.reject(draining(what));
      if (pending >= maxPending) return Promise.reject(overloaded(what, maxPending, ""));
      if (pendingBytes + bytes > maxPendingBytes)
        return Promise.reject(overloaded(what, maxPendingBytes, " bytes"));
      pending++;
      pendingBytes += bytes;
      return new Promise<R>((resolve, reject) =>
        enqueue(new Entry({ item, key: keyOf(item), bytes, resolve, reject, leave })),
      );
    },
    async close() {
      closed = true;
      if (lanes.size > 0) await new Promise<void>((resolve) => idle.push(resolve));
    },
  };
}

interface Settling<I, R> {
  readonly item: I;
  readonly key: string;
  readonly bytes: number;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
  /** Is told once. */
  readonly leave: (bytes: number) => void;
}

/** A class, as closures of its own for each item cost more than what they do. */
class Entry<I, R> implements Pending<I, R> {
  readonly item: I;
  readonly key: string;
  readonly bytes: number;
  readonly sinceMs: number = performance.now();
  readonly #settling: Settling<I, R>;
  #settled = false;

  constructor(settling: Settling<I, R>) {
    this.item = settling.item;
    this.key = settling.key;
    this.bytes = settling.bytes;
    this.#settling = settling;
  }

  resolve(result: R): void {
    this.#leave();
    this.#settling.resolve(result);
  }

  reject(error: unknown): void {
    this.#leave();
    this.#settling.reject(error);
  }

  #leave(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#settling.leave(this.bytes);
  }
}

/** How many of the ready ones make the next group: at least one, however large it is. */
function sizeOfNext(ready: readonly Pending<unknown, never>[], maxBatch: number): number {
  let bytes = 0;
  for (const [index, entry] of ready.entries()) {
    bytes += entry.bytes;
    if (index === maxBatch || (index > 0 && bytes > maxBatchBytes)) return index;
  }
  return ready.length;
}

function draining(what: string): SamspelError {
  return new SamspelError("SAMSPEL_DRAINING", `The journal takes no more ${what}: it is closing`);
}

function overloaded(what: string, limit: number, unit: string): SamspelError {
  return new SamspelError(
    "SAMSPEL_OVERLOADED",
    `Too many ${what} are pending: the limit is ${limit}${unit}`,
    { metadata: { limit: String(limit) } },
  );
}
