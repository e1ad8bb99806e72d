// Runs a projection: follows the journal and applies its events (T4).
//
// P1. Writes, checkpoint and notification are one transaction per page, fenced by the lease's epoch: whoever believes
//     in a lost lease commits nothing.
// P2. A transaction whose outcome is unknown is never simply tried again: the lease is taken anew, and its claim of the
//     checkpoint shows what was committed.
// P3. Where a page fails, its events are applied one by one, so that only the one that fails is retried and parked.
import { runUnderLease } from "../cluster/index.ts";
import { SamspelError } from "../errors/index.ts";
import type { Journal, JournalEvent, Position } from "../journal/index.ts";
import { isTransient, transact, type Database, type TransactionSql } from "../postgres/index.ts";
import { backoff } from "../resilience/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { tellChange } from "./changes.ts";
import { parkEvent } from "./park-event.ts";
import type { AnyProjectedEvent, Projection } from "./project.ts";
import { requireVersion, setUpProjection } from "./set-up-projection.ts";

export interface RunProjectionOptions {
  readonly projection: Projection;
  readonly database: Database;
  readonly journal: Journal;
  /** This process, for whoever looks into the leases. */
  readonly owner: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** How many events a transaction applies at most. Default 1,000. */
  readonly pageSize?: number;
  /** After so long without a sign of life another instance takes over. Default 10,000 ms. */
  readonly leaseTtlMs?: number;
}

const defaultPageSize = 1_000;

/** Runs a projection, on one instance at a time, until `signal` aborts. */
export async function runProjection(options: RunProjectionOptions): Promise<void> {
  const { projection, database, owner, signal, leaseTtlMs } = options;
  await runUnderLease(
    {
      database,
      name: `projection:${projection.name}`,
      owner,
      signal,
      ...(leaseTtlMs === undefined ? {} : { ttlMs: leaseTtlMs }),
    },
    (held, epoch) => projectUnderLease({ ...options, signal: held }, epoch),
  );
}

async function projectUnderLease(options: RunProjectionOptions, epoch: bigint): Promise<void> {
  const { projection, database, journal, logger, signal, pageSize = defaultPageSize } = options;
  await setUpProjection(database, projection);
  const name = `projection:${projection.name}:${projection.version}`;
  const after = await journal.checkpoints.claim({ name, epoch });

  const commit = (position: Position, work: (sql: TransactionSql) => Promise<void>): Promise<void> =>
    transact(database.sql, async (sql) => {
      await requireVersion(sql, projection);
      await work(sql);
      await journal.checkpoints.save(sql, { name, position, epoch });
      await tellChange(sql, database, projection);
    }).catch((error: unknown) => {
      // A constraint that is checked at the commit, or a failed statement that the handler passed over.
      throw isPostgresError(error) && !isTransient(error) ? new ApplyError(error) : error;
    });
  const run: Run = { ...options, commit };

  const entityTypes = [projection.source.name];
  for await (const page of journal.follow({ after, entityTypes, limit: pageSize, signal })) {
    await applyPage(page.events, page.next, run);
    const last = page.events.at(-1);
    logger.debug(
      {
        projection: projection.name,
        events: page.events.length,
        lagMs: Date.now() - (last?.recordedAt.getTime() ?? 0),
      },
      "projected",
    );
  }
}

interface Run extends RunProjectionOptions {
  /** One transaction: what `work` writes, and the checkpoint. */
  readonly commit: (position: Position, work: (sql: TransactionSql) => Promise<void>) => Promise<void>;
}

async function applyPage(events: readonly JournalEvent[], next: Position, run: Run): Promise<void> {
  const { projection, logger } = run;
  try {
    await run.commit(next, (sql) => apply(projection, events, sql));
  } catch (error) {
    if (!(error instanceof ApplyError)) throw error;
    logger.debug(
      { err: error.cause, projection: projection.name },
      "page failed: its events are applied one by one",
    );
    for (const [index, event] of events.entries()) {
      if (run.signal.aborted) return;
      await applyEvent(event, index === events.length - 1 ? next : event.position, run);
    }
  }
}

/** Applies one event, or parks it after its attempts; a stop in between leaves it for the next runner. */
async function applyEvent(event: JournalEvent, next: Position, run: Run): Promise<void> {
  const { projection, logger, signal } = run;
  const { name: projectionName, version, maxAttempts } = projection;
  const about = {
    projection: projectionName,
    entityType: event.entityType,
    entityId: event.entityId,
    revision: String(event.revision),
  };
  for (let attempt = 1; ; attempt++) {
    try {
      await run.commit(next, (sql) => apply(projection, [event], sql));
      return;
    } catch (failure) {
      if (!(failure instanceof ApplyError)) throw failure;
      const error = failure.cause;
      if (attempt >= maxAttempts) {
        logger.error(
          { err: error, attempt, version, ...about },
          "event parked: the projection goes on without it",
        );
        await run.commit(next, (sql) => parkEvent(sql, { projection, event, attempts: attempt, error }));
        return;
      }
      logger.warn({ err: error, attempt, maxAttempts, ...about }, "event failed; it is tried again");
      await backoff(attempt, signal, projection.backoff);
      if (signal.aborted) throw failure;
    }
  }
}

/** Says that the event or its handler is to blame, and not the database, the lease or the version. */
class ApplyError extends Error {
  constructor(cause: unknown) {
    super("Cannot apply events", { cause });
  }
}

async function apply(
  projection: Projection,
  events: readonly JournalEvent[],
  sql: TransactionSql,
): Promise<void> {
  try {
    await projection.apply(
      events.flatMap((event) => decode(event, projection)),
      sql,
    );
  } catch (error) {
    // An event of a newer version of the service: the lease goes to whoever knows it, and nothing is parked.
    if (error instanceof SamspelError && error.code === "SAMSPEL_EVENT_UNKNOWN") throw error;
    // A deadlock or the like is Postgres's to heal; a handler's own failure to reach somebody is not.
    if (isPostgresError(error) && isTransient(error)) throw error;
    throw new ApplyError(error);
  }
}

function isPostgresError(error: unknown): error is Error {
  return error instanceof Error && error.name === "PostgresError";
}

function decode(event: JournalEvent, { source }: Projection): readonly AnyProjectedEvent[] {
  const { entityId, revision, recordedAt: time } = event;
  return source.decodeEvents(event.payload, event).map(({ case: kind, value }) => ({
    case: kind,
    value,
    entityId,
    revision,
    time,
  }));
}
