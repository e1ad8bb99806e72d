// Runs one build of a projection: follows the journal in the ranges that this instance holds, and applies its events.
//
// Invariants:
//   R1. A build beside the live one never goes ahead of it, range by range. So where both stand at the same place it can
//       take over: no reader sees an older state, and each event's effects are the old one's or the new one's.
//   R2. What was committed is known by the checkpoints of this process, which move with each commit; after a failure
//       whose outcome is unknown they are claimed anew.
import type { HeldRange } from "../cluster/index.ts";
import {
  createCheckpoints,
  followRanges,
  startPosition,
  type Checkpoints,
  type Position,
  type RangedEvent,
} from "../journal/index.ts";
import type { Database } from "../postgres/index.ts";
import { createLatch } from "../resilience/index.ts";
import { createTracing } from "../telemetry/index.ts";
import { applyPage, type Positions, type Run } from "./apply-page.ts";
import { readBuild, readStanding, workName, type Standing } from "./builds.ts";
import { keepPruned } from "./change-log.ts";
import { listenToChanges, tellChange } from "./changes.ts";
import { NotCurrent } from "./commit-page.ts";
import { createProgress } from "./progress.ts";
import { readAhead } from "./read-ahead.ts";
import {
  buildPositions,
  greatestOf,
  isAtOrBefore,
  rangeOfSlice,
  replayOf,
  type RangePositions,
} from "./positions.ts";
import { retryAskedEvents } from "./retry-parked.ts";
import type { RunProjectionOptions } from "./run-projection.ts";
import { swapWhenCaughtUp } from "./swap-build.ts";

export interface RunBuildOptions extends RunProjectionOptions {
  readonly home: Database;
  readonly generation: number;
}

const defaultPageSize = 1_000;

/** How often a reader without events says how far it has come, and the checkpoints of idle ranges are saved. */
const idleMs = 1_000;

/** Nothing tells when a seal is lifted, or how far the live build has come where it has no events. */
const lookAgainMs = 50;

/** Shares the work of one build until `signal` aborts. */
export async function runBuild(options: RunBuildOptions): Promise<void> {
  const { projection, cluster, generation, signal } = options;
  await cluster.share(
    { name: workName(projection.name, generation), ranges: projection.order === "journal" ? 1 : 16, signal },
    (held, signal) => runHeld({ ...options, signal }, held),
  );
}

async function runHeld(options: RunBuildOptions, held: readonly HeldRange[]): Promise<void> {
  const { projection, home, generation } = options;
  const ending = new AbortController();
  const signal = AbortSignal.any([options.signal, ending.signal]);
  const standing = await readStanding(home.sql, projection.name);
  const build = await readBuild(home.sql, projection.name, generation);
  const mode = modeOf(standing, generation);
  if (standing === undefined || mode === undefined) return untilAborted(signal); // the runner is about to be stopped
  const claimed = createClaims(options, held);
  await using progress = createProgress(options);
  const positions = new Map(await claimed.claim());
  // Whoever held the ranges before may have died between a commit and its word of it.
  tellChange(home, projection);
  const run: Run = {
    projection,
    home,
    generation,
    logger: options.logger,
    resets: standing.resets,
    mode,
    signal,
    replay: replayOf(build),
    positions,
    save: claimed.save,
    inTurn: createTurns(),
    count: progress.count,
    tracing: createTracing(),
  };
  const until = <T>(work: Promise<T>): Promise<T> => work.finally(() => ending.abort());
  await Promise.all([
    until(followPages(options, run)),
    until(retryAskedEvents(run, options.journal)),
    until(swapWhenCaughtUp(run, options)),
    until(keepPruned(run, held)),
  ]);
}

function modeOf(standing: Standing | undefined, generation: number): Run["mode"] | undefined {
  if (standing?.generation === generation) return "live";
  return standing?.building === generation ? "building" : undefined;
}

async function followPages(options: RunBuildOptions, run: Run): Promise<void> {
  const { journal, projection, database, pageSize = defaultPageSize } = options;
  const { signal, positions } = run;
  using live = await followLive(options);
  let allSavedAtMs = performance.now();
  const pages =
    projection.order === "journal"
      ? inJournalOrder(options, run)
      : followRanges(journal, {
          from: positions,
          entityTypes: projection.entityTypes,
          limit: pageSize,
          signal,
          idleMs,
          metadata: run.tracing !== undefined,
        });
  for await (const { events, next } of readAhead(pages)) {
    const isDue = performance.now() - allSavedAtMs >= idleMs;
    if (isDue) allSavedAtMs = performance.now();
    if (events.length === 0 && !(await hasPassedEvents(database, positions, next))) continue;
    const busy = new Set(events.map(({ range }) => range));
    const reached = new Map(
      [...positions]
        .filter(([range, position]) => (isDue || busy.has(range)) && isAtOrBefore(position, next))
        .map(([range]) => [range, next] as const),
    );
    await advance(run, { events, reached, live });
  }
}

async function* inJournalOrder(
  { journal, projection, pageSize = defaultPageSize }: RunBuildOptions,
  { signal, positions }: Run,
): AsyncGenerator<{ readonly events: readonly RangedEvent[]; readonly next: Position }> {
  const after = positions.get(0) ?? startPosition;
  const { entityTypes } = projection;
  for await (const { events, next } of journal.follow({
    after,
    entityTypes,
    limit: pageSize,
    signal,
    idleMs,
  }))
    yield { events: events.map((event) => Object.assign(event, { range: 0 })), next };
}

/** An idle checkpoint moves only where there was something to pass: no row is written for nothing. */
async function hasPassedEvents({ sql }: Database, positions: Positions, next: Position): Promise<boolean> {
  const from = greatestOf([...positions.values()]);
  const [event] = await sql`
    select from event
    where (tx, position) > (${sql.types.xid8(from.tx)}, ${from.sequence})
      and (tx, position) <= (${sql.types.xid8(next.tx)}, ${next.sequence})
    limit 1`;
  return event !== undefined;
}

interface Advance {
  readonly events: readonly RangedEvent[];
  /** Where ranges stand behind all of them. */
  readonly reached: Positions;
  readonly live: LiveView;
}

/** Applies events, however often the projection turns out to stand otherwise than this runner thought. */
async function advance(run: Run, { events, reached, live }: Advance): Promise<void> {
  const { signal, positions } = run;
  let rest = events;
  while (!signal.aborted) {
    try {
      const allowed = run.mode === "building" ? live.allowed(rest) : rest;
      if (allowed.length === rest.length) return await applyPage(run, rest, reached);
      if (allowed.length > 0) {
        await applyPage(run, allowed, new Map(allowed.map(({ range, position }) => [range, position])));
      } else {
        await live.look(signal);
        await lookAtMode(run);
      }
    } catch (error) {
      if (!(error instanceof NotCurrent)) throw error;
      if (error.reason === "live" || error.reason === "building") run.mode = error.reason;
      else await untilCurrent(run);
    }
    rest = rest.filter(
      ({ range, position }) => !isAtOrBefore(position, positions.get(range) ?? startPosition),
    );
  }
}

/** Waits while the projection is paused or sealed; where it was replaced or reset, until the runner is stopped. */
async function untilCurrent(run: Run): Promise<void> {
  const { home, projection, generation, resets, signal } = run;
  const pace = createLatch();
  while (!signal.aborted) {
    await pace.wait(lookAgainMs, signal);
    const standing = await home.bounded((sql) => readStanding(sql, projection.name));
    const mode = modeOf(standing, generation);
    if (mode === undefined || standing?.resets !== resets || standing.paused) continue;
    run.mode = mode;
    return;
  }
}

async function lookAtMode(run: Run): Promise<void> {
  const { home, projection, generation } = run;
  const mode = modeOf(await home.bounded((sql) => readStanding(sql, projection.name)), generation);
  if (mode === undefined) throw new NotCurrent("superseded");
  run.mode = mode;
}

/** How far the live build has come, for one that must not go ahead of it (R1). */
interface LiveView extends Disposable {
  /** Those events that the live build has behind it. */
  allowed(events: readonly RangedEvent[]): readonly RangedEvent[];
  /** Waits for it to move, and looks. */
  look(signal: AbortSignal): Promise<void>;
}

async function followLive({ home, projection }: RunBuildOptions): Promise<LiveView> {
  const journalOrder = projection.order === "journal";
  const moved = createLatch();
  const listening = await listenToChanges(home, projection, () => moved.set());
  let limits: RangePositions | undefined;
  const isAllowed = ({ slice, position }: RangedEvent): boolean => {
    const limit = limits?.[rangeOfSlice({ journalOrder: false }, slice)];
    return limit !== undefined && isAtOrBefore(position, limit);
  };
  return {
    allowed(events) {
      if (!journalOrder) return events.filter(isAllowed);
      const end = events.findIndex((event) => !isAllowed(event));
      return end === -1 ? events : events.slice(0, end);
    },
    async look(signal) {
      if (limits !== undefined) await moved.wait(lookAgainMs, signal);
      const standing = await readStanding(home.sql, projection.name);
      if (standing !== undefined)
        limits = await buildPositions(home.sql, projection.name, standing.generation);
    },
    [Symbol.dispose]: () => listening[Symbol.dispose](),
  };
}

interface Claims {
  claim(): Promise<Positions>;
  readonly save: Run["save"];
}

/** The checkpoints of the held ranges, beside the projection's tables. */
function createClaims({ projection, home, generation }: RunBuildOptions, held: readonly HeldRange[]): Claims {
  const checkpoints: Checkpoints = createCheckpoints(home);
  const name = workName(projection.name, generation);
  const epochs = new Map(held.map(({ range, epoch }) => [range, epoch]));
  const epochOf = (range: number): bigint => epochs.get(range) ?? -1n;
  if (projection.order === "journal") {
    return {
      claim: async () => new Map([[0, await checkpoints.claim({ name, epoch: epochOf(0) })]]),
      async save(sql, positions) {
        for (const position of positions.values())
          await checkpoints.save(sql, { name, position, epoch: epochOf(0) });
      },
    };
  }
  return {
    claim: () => checkpoints.claimRanges({ name, held }),
    save: (sql, positions) =>
      checkpoints.saveRanges(sql, {
        name,
        positions: Array.from(positions, ([range, position]) => ({ range, position, epoch: epochOf(range) })),
      }),
  };
}

function createTurns(): Run["inTurn"] {
  let turn: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = turn.then(work);
    turn = result.catch(() => {});
    return result;
  };
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  const never = createLatch();
  while (!signal.aborted) await never.wait(60_000, signal);
}
