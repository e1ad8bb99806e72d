// A page of events on its way into the tables: whole, and in ever smaller pieces where that fails.
//
// Invariants:
//   A1. A piece that fails is halved, so that in the end only the event that fails is tried again and parked.
//   A2. A deadlock with another instance is known to have written nothing: the piece is tried again, smaller, here. A
//       transaction whose outcome is unknown is not: the checkpoints are claimed anew, and show what was committed.
//   A3. What is behind an event of the same range is applied behind it.
import type { JournalEvent, Position, RangedEvent } from "../journal/index.ts";
import { isTransient, tookNoEffect, type TransactionSql } from "../postgres/index.ts";
import { backoff } from "../resilience/index.ts";
import type { Tracing } from "../telemetry/index.ts";
import { ApplyError, commitPage, type BuildMode, type Committing } from "./commit-page.ts";
import type { AnyProjectedEvent } from "./context.ts";
import { inSpan } from "./page-spans.ts";
import { forgetFailure, keyOf, noteFailure, type FailedEvent } from "./park-event.ts";
import { isHistory, type RangePositions } from "./positions.ts";
import type { Projection } from "./projection.ts";

/** Where ranges are to stand. */
export type Positions = ReadonlyMap<number, Position>;

/** A build that is run here. */
export interface Run extends Omit<Committing, "mode"> {
  readonly signal: AbortSignal;
  mode: BuildMode;
  /** For each range the place up to which events are history (T4). */
  readonly replay: RangePositions | undefined;
  /** Where the held ranges stand, by what this process has committed. */
  readonly positions: Map<number, Position>;
  /** Moves checkpoints under the epochs of the held ranges; to where they are, it checks the epochs. */
  readonly save: (sql: TransactionSql, positions: Positions) => Promise<void>;
  /** One transaction after the other in this process. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  /** Is told of events that were applied, parked or skipped. */
  readonly count: (outcome: EventOutcome, events: number) => void;
  /** Where anybody wants spans. */
  readonly tracing: Tracing | undefined;
}

export type EventOutcome = "applied" | "parked" | "skipped";

interface Piece {
  readonly events: readonly RangedEvent[];
  readonly positions: Positions;
}

/**
 * Applies events that are in order and moves the ranges to `positions`.
 * @throws What `commitPage` does, ApplyError not.
 */
export async function applyPage(
  run: Run,
  events: readonly RangedEvent[],
  positions: Positions,
): Promise<void> {
  if (run.replay === undefined) return applyPieces(run, [{ events, positions }]);
  // History and news are not mixed in a transaction: one of them has effects. In each range, history comes first.
  const history = events.filter((event) => isHistory(run.replay, event));
  const news = history.length === 0 ? events : events.filter((event) => !isHistory(run.replay, event));
  await applyPieces(run, split({ events: [...history, ...news], positions }, history.length));
}

async function applyPieces(run: Run, pieces: readonly Piece[]): Promise<void> {
  for (const piece of pieces) {
    if (run.signal.aborted) return;
    await applyPiece(run, piece);
  }
}

async function applyPiece(run: Run, piece: Piece): Promise<void> {
  const { projection, logger, signal } = run;
  const { events } = piece;
  for (let failures = 1; ; failures++) {
    try {
      await commit(run, piece);
      run.count("applied", events.length);
      return;
    } catch (error) {
      if (error instanceof ApplyError && events.length > 0) {
        if (events.length === 1 && events[0] !== undefined)
          return applyEvent(run, events[0], piece.positions, error);
        logger.debug(
          { err: error.cause, projection: projection.name },
          "page failed: it is applied in halves",
        );
        return applyPieces(run, split(piece, Math.ceil(events.length / 2)));
      }
      if (!(isTransient(error) && tookNoEffect(error)) || signal.aborted) throw error;
      logger.debug({ err: error, projection: projection.name, failures }, "page is tried again");
      await backoff(failures, signal, { initialMs: 20, maxMs: 1_000 });
      if (events.length > 1) return applyPieces(run, split(piece, Math.ceil(events.length / 2)));
    }
  }
}

/** An event alone: tried again, and then what `onFailure` says. A stop in between leaves it for the next runner. */
async function applyEvent(
  run: Run,
  event: RangedEvent,
  positions: Positions,
  first: ApplyError,
): Promise<void> {
  const { projection, generation, logger, signal } = run;
  const { maxAttempts, onFailure } = projection;
  const about = {
    projection: projection.name,
    entityType: event.entityType,
    entityId: event.entityId,
    revision: String(event.revision),
  };
  let failure = first;
  let isBlocked = false;
  for (let attempts = 1; ; attempts++) {
    const failed: FailedEvent = {
      projection,
      generation,
      event,
      attempts,
      error: failure.cause,
      state: onFailure === "block" ? "blocked" : "parked",
    };
    if (attempts >= maxAttempts) {
      if (onFailure !== "block") {
        logger.error(
          { err: failure.cause, attempts, version: projection.version, ...about },
          onFailure === "park"
            ? "event parked: the projection goes on without it"
            : "event skipped: the projection goes on without it",
        );
        await commitWork(run, positions, async (sql) => {
          if (onFailure === "park") await noteFailure(sql, failed);
        });
        run.count(onFailure === "park" ? "parked" : "skipped", 1);
        return;
      }
      logger.error(
        { err: failure.cause, attempts, ...about },
        "event blocks the projection; it is tried again",
      );
      if (!isBlocked) await commitWork(run, new Map(), (sql) => noteFailure(sql, failed));
      isBlocked = true;
    } else {
      logger.warn({ err: failure.cause, attempts, maxAttempts, ...about }, "event failed; it is tried again");
    }
    await backoff(attempts, signal, projection.backoff);
    if (signal.aborted) throw failure;
    try {
      let wasDropped = false;
      await commit(run, { events: [event], positions }, async (sql) => {
        // Who drops a blocked event lets the projection go on without it.
        wasDropped = isBlocked && !(await forgetFailure(sql, keyOf(failed)));
        return !wasDropped;
      });
      run.count(wasDropped ? "skipped" : "applied", 1);
      return;
    } catch (error) {
      if (!(error instanceof ApplyError)) throw error;
      failure = error;
    }
  }
}

/** One transaction of handlers; `before` may say that they are not to run. */
async function commit(
  run: Run,
  { events, positions }: Piece,
  before?: (sql: TransactionSql) => Promise<boolean>,
): Promise<void> {
  const { projection, replay } = run;
  const last = events.at(-1);
  const history = last !== undefined && isHistory(replay, last);
  const tracing = history || run.mode === "building" ? undefined : run.tracing;
  await inSpan(tracing, { projection: projection.name, events }, () =>
    run.inTurn(() =>
      commitPage(run, {
        history,
        apply: async (scope) => {
          if (before !== undefined && !(await before(scope.sql))) return;
          const decoded = decode(projection, events);
          if (decoded.length > 0) await projection.apply(decoded, scope);
        },
        save: (sql) => run.save(sql, positions),
      }),
    ),
  );
  for (const [range, position] of positions) run.positions.set(range, position);
}

/** One transaction of the runtime's own. */
async function commitWork(
  run: Run,
  positions: Positions,
  work: (sql: TransactionSql) => Promise<unknown>,
): Promise<void> {
  await run.inTurn(() =>
    commitPage(run, {
      history: true,
      apply: async ({ sql }) => void (await work(sql)),
      save: (sql) => run.save(sql, positions),
    }),
  );
  for (const [range, position] of positions) run.positions.set(range, position);
}

/** Cuts a piece in two; the first leaves each range at its last event in it, where it has one. */
function split({ events, positions }: Piece, at: number): readonly Piece[] {
  const first = events.slice(0, at);
  const rest = events.slice(at);
  if (first.length === 0 || rest.length === 0) return [{ events, positions }];
  return [
    { events: first, positions: new Map(first.map(({ range, position }) => [range, position])) },
    { events: rest, positions },
  ];
}

/** Stored events as what they mean today. */
export function decode(
  projection: Projection,
  events: readonly JournalEvent[],
): readonly AnyProjectedEvent[] {
  const entities = new Map(projection.entities.map((entity) => [entity.name, entity]));
  const decoded: AnyProjectedEvent[] = [];
  for (const event of events) {
    const { entityType, entityId, revision, recordedAt: time } = event;
    const cases = entities.get(entityType)?.decodeEvents(event.payload, event) ?? [];
    for (const { case: kind, value } of cases) {
      decoded.push({ case: kind, value, entityType, entityId, revision, time });
    }
  }
  return decoded;
}
