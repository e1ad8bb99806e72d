// One work that this instance shares: what it holds of it, and the run that works on that.
import { SamspelError } from "../errors/index.ts";
import { backoff, createLatch } from "../resilience/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { assignRanges } from "./assign-ranges.ts";
import type { Held, PulseView } from "./cluster-table.ts";
import type { HeldRange, SharedWork } from "./cluster.ts";
import { rangeName } from "./ranges.ts";

export interface Work {
  readonly name: string;
  readonly leaseNames: readonly string[];
  /** False while it steps aside after a failure (L4), and after its end. */
  readonly takesPart: boolean;
  /** The leases that are held. */
  held(): readonly Held[];
  /** Takes in which of the leases that were asked for are still held. */
  settle(view: PulseView, asked: { readonly asked: readonly Held[]; readonly believedUntilMs: number }): void;
  /** Finds out what falls to this instance. */
  assign(members: readonly string[]): void;
  /** The leases that fall to this instance and that it does not hold. */
  wanted(): readonly string[];
  take(taken: readonly Held[], believedUntilMs: number): void;
  /** Ends the run where it works on other ranges than it should. */
  review(): void;
  /** Stops believing in what was not confirmed in time (L2). */
  doubt(): void;
  /** When `review` has to be called for ranges that came lately. */
  settlesInMs(): number;
  /** Works until the signal aborts. */
  run(): Promise<void>;
}

export interface WorkOptions {
  readonly name: string;
  readonly ranges: 1 | 16;
  readonly signal: AbortSignal;
  readonly run: SharedWork;
  readonly instance: string;
  readonly logger: Logger;
  readonly now: () => number;
  /** Releases, between two pulses, what `collect` gives then, and leaves the members where told to. */
  readonly letGo: (collect: () => readonly Held[], leaves: boolean) => Promise<void>;
  /** Asks for a pulse. */
  readonly wake: () => void;
}

interface Holding {
  readonly epoch: bigint;
  believedUntilMs: number;
}

/** A run that lasted so long before it failed is not punished for earlier failures. */
const soundAfterMs = 30_000;

/** The fifth failure in a row, 1.5 s after the first at the most, is no accident: the log calls it an error. */
const stuckAfter = 5;

/** Ranges come one after the other, as others let go of them: so long one waits for the next. */
const settleMs = 100;

export function createWork(options: WorkOptions): Work {
  const { name, ranges, signal, instance, logger, now, letGo, wake } = options;
  const nameOf = (range: number): string => (ranges === 1 ? name : rangeName(name, range));
  const rangesByName = new Map(Array.from({ length: ranges }, (_, range) => [nameOf(range), range]));
  const holdings = new Map<number, Holding>();
  const changed = createLatch();
  let assigned: ReadonlySet<number> = new Set();
  let takesPart = true;
  let gainedAtMs = 0;
  let running: { readonly ranges: ReadonlyMap<number, bigint>; readonly end: AbortController } | undefined;

  const heldOf = (among: Iterable<number>): readonly Held[] =>
    [...among].flatMap((range) => {
      const holding = holdings.get(range);
      return holding === undefined ? [] : { name: nameOf(range), epoch: holding.epoch };
    });

  /** What there is to work on: held, believed in, and assigned. */
  const workable = (): ReadonlyMap<number, bigint> =>
    new Map(
      [...holdings]
        .filter(([range, { believedUntilMs }]) => assigned.has(range) && now() <= believedUntilMs)
        .map(([range, { epoch }]) => [range, epoch] as const)
        .toSorted(([a], [b]) => a - b),
    );

  const lose = (range: number, why: string): void => {
    const epoch = holdings.get(range)?.epoch;
    holdings.delete(range);
    logger.warn({ lease: nameOf(range), epoch: String(epoch) }, `lease lost: ${why}`);
    if (running?.ranges.get(range) === epoch)
      running?.end.abort(new SamspelError("SAMSPEL_LEASE_LOST", `Lost the lease "${nameOf(range)}": ${why}`));
  };

  const settlesInMs = (): number => {
    const count = workable().size;
    if (count <= (running?.ranges.size ?? 0) || running?.end.signal.aborted === true) return Infinity;
    return count === assigned.size ? 0 : Math.max(0, gainedAtMs + settleMs - now());
  };

  /** The ranges to work on next, once they have settled; none when it is over. */
  const nextRanges = async (): Promise<ReadonlyMap<number, bigint>> => {
    while (!signal.aborted) {
      const waitMs = settlesInMs();
      if (waitMs === 0) return workable();
      await changed.wait(Math.min(waitMs, 60_000), signal);
    }
    return new Map();
  };

  /** What is held and neither falls to this instance nor is worked on. */
  const surplus = (): readonly number[] =>
    [...holdings.keys()].filter((range) => !assigned.has(range) && running?.ranges.has(range) !== true);

  const collect = (among: readonly number[]): readonly Held[] => {
    const held = heldOf(among);
    for (const range of among) holdings.delete(range);
    return held;
  };

  /** Leaves the members, with all that is held. */
  const leave = async (): Promise<void> => {
    takesPart = false;
    assigned = new Set();
    await letGo(() => collect([...holdings.keys()]), true);
  };

  const stepAside = async (failures: number): Promise<void> => {
    await leave();
    await backoff(failures, signal);
    takesPart = !signal.aborted;
    wake();
  };

  /** One run; whether it failed by itself. */
  const runOnce = async (toRun: ReadonlyMap<number, bigint>): Promise<{ error: unknown } | undefined> => {
    const end = new AbortController();
    running = { ranges: toRun, end };
    const held: readonly HeldRange[] = Array.from(toRun, ([range, epoch]) => ({ range, epoch }));
    logger.debug({ work: name, ranges: held.map(({ range }) => range) }, "works on these ranges");
    try {
      await options.run(held, AbortSignal.any([signal, end.signal]));
      return signal.aborted || end.signal.aborted ? undefined : { error: undefined };
    } catch (error) {
      return signal.aborted || end.signal.aborted ? undefined : { error };
    } finally {
      running = undefined;
    }
  };

  return {
    name,
    leaseNames: [...rangesByName.keys()],
    get takesPart() {
      return takesPart;
    },
    held: () => heldOf(holdings.keys()),
    settle({ renewed }, { asked, believedUntilMs }) {
      for (const { name: lease, epoch } of asked) {
        const range = rangesByName.get(lease);
        const holding = range === undefined ? undefined : holdings.get(range);
        if (range === undefined || holding?.epoch !== epoch) continue;
        if (renewed.has(lease)) holding.believedUntilMs = believedUntilMs;
        else lose(range, "another instance holds it");
      }
    },
    assign(members) {
      if (takesPart) assigned = new Set(assignRanges(name, members, ranges).get(instance));
    },
    wanted: () => [...assigned].filter((range) => !holdings.has(range)).map(nameOf),
    take(taken, believedUntilMs) {
      for (const { name: lease, epoch } of taken) {
        const range = rangesByName.get(lease);
        if (range === undefined) continue;
        holdings.set(range, { epoch, believedUntilMs });
        gainedAtMs = now();
      }
    },
    review() {
      changed.set();
      if (running === undefined) {
        // Between two runs: what does not fall to this instance any more waits for nobody.
        if (surplus().length > 0) void letGo(() => collect(surplus()), false);
        return;
      }
      const moved = [...running.ranges.keys()].some((range) => !assigned.has(range));
      if (moved || settlesInMs() === 0)
        running.end.abort(new SamspelError("SAMSPEL_LEASE_LOST", `Ranges of "${name}" move`));
    },
    doubt() {
      for (const [range, { believedUntilMs }] of holdings) {
        if (now() > believedUntilMs) lose(range, "the database did not confirm it in time");
      }
    },
    settlesInMs,
    async run() {
      let failures = 0;
      while (!signal.aborted) {
        const toRun = await nextRanges();
        if (toRun.size === 0) break;
        const startedAtMs = performance.now();
        const failed = await runOnce(toRun);
        if (failed !== undefined) {
          failures = performance.now() - startedAtMs > soundAfterMs ? 1 : failures + 1;
          const level = failures < stuckAfter ? "warn" : "error";
          logger[level]({ err: failed.error, work: name, failures }, "shared work ended: it starts again");
          await stepAside(failures);
        } else {
          failures = 0;
          await letGo(() => collect(surplus()), false);
        }
      }
      await leave();
    },
  };
}
