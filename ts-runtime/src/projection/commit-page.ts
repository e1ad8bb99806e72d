// One transaction of a projection: what the handlers write, the checkpoints and the changes (T4).
//
// Invariants:
//   P1. All of it is committed or none, under the epochs of the held ranges and the row of the projection (B1): who
//       believes in a lost lease, a build that was replaced, or one that was reset, commits nothing.
//   P2. The changes are the last that is written, under a lock that is held to the commit (see `change-log.ts`).
//   P3. Effects run behind the commit, and never for history.
import { SamspelError } from "../errors/index.ts";
import { isTransient, transact, type Database, type TransactionSql } from "../postgres/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { buildSchema } from "./builds.ts";
import { encodeChange, recordChanges, type EncodedChange } from "./change-log.ts";
import { tellChange } from "./changes.ts";
import type { AnyScope } from "./context.ts";
import type { Projection } from "./projection.ts";

/** Whether a build's tables serve. */
export type BuildMode = "live" | "building";

/** Why a runner's transaction was not its own to commit. */
type NotCurrentReason = "superseded" | "reset" | "paused" | "sealed" | BuildMode;

/** The projection stands otherwise than the runner thought: nothing was written, and it looks again. */
export class NotCurrent extends Error {
  readonly reason: NotCurrentReason;

  constructor(reason: NotCurrentReason) {
    super(`The projection is ${reason}`);
    this.reason = reason;
  }
}

/** Says that an event or its handler is to blame, and not the database, the lease or the version. */
export class ApplyError extends Error {
  constructor(cause: unknown) {
    super("Cannot apply events", { cause });
  }
}

export interface Committing {
  readonly projection: Projection;
  readonly home: Database;
  readonly generation: number;
  readonly resets: number;
  readonly mode: BuildMode;
  readonly logger: Logger;
}

export interface PageWork {
  /** Whether the events are history. */
  readonly history: boolean;
  /** Runs the handlers. */
  readonly apply: (scope: AnyScope) => Promise<void>;
  /** Moves the checkpoints, or checks their epochs. */
  readonly save: (sql: TransactionSql) => Promise<void>;
}

/** So long a transaction waits for its process before Postgres ends it: one that is frozen holds nobody up for ever. */
const maxIdleMs = 10_000;

/**
 * @throws NotCurrent, and ApplyError where a handler or its statements failed; nothing was written then.
 * @throws SAMSPEL_LEASE_LOST, and what `isTransient` tells.
 */
export async function commitPage(committing: Committing, { history, apply, save }: PageWork): Promise<void> {
  const { projection, home, mode, logger } = committing;
  const rebuilding = history || mode === "building";
  let effects: (() => unknown)[] = [];
  await transact(home.sql, async (sql) => {
    effects = [];
    const changes: EncodedChange[] = [];
    // Sent first, and waited for last: it travels with the statements of the handlers.
    const current = requireCurrent(sql, committing);
    current.catch(() => {});
    try {
      await apply({
        sql,
        rebuilding,
        afterCommit: (effect) => void (rebuilding || effects.push(effect)),
        change: (message) => void changes.push(encodeChange(projection, message)),
      });
    } catch (error) {
      await current; // a build that was dropped makes statements fail, too
      throw blame(error);
    }
    // In one round trip; the connection keeps their order.
    await Promise.all([
      current,
      save(sql),
      mode === "live" && changes.length > 0
        ? recordChanges(sql, { projection, home, generation: committing.generation, changes })
        : undefined,
    ]);
  }).catch((error: unknown) => {
    // A constraint that is checked at the commit, or a failed statement that the handler passed over.
    throw isPostgresError(error) && !isTransient(error) ? new ApplyError(error) : error;
  });
  tellChange(home, projection);
  await runEffects(effects, projection, logger);
}

async function requireCurrent(
  sql: TransactionSql,
  { projection: { name }, home, generation, resets, mode }: Committing,
): Promise<void> {
  const own = buildSchema(home.schema, name, generation);
  // The driver sends a statement when it is waited for, which would be behind the first one of a handler.
  const sent = sql<
    {
      generation: number;
      building: number | null;
      resets: number;
      paused: boolean | null;
      sealed: boolean | null;
    }[]
  >`
    select p.generation, p.building, p.resets, c.paused, c.sealed_until > clock_timestamp() as sealed,
      set_config('idle_in_transaction_session_timeout', ${String(maxIdleMs)}, true)
      ${mode === "building" ? sql`, set_config('search_path', ${`"${own}", "${home.schema}"`}, true)` : sql``}
    from projection p left join projection_control c on c.projection = p.name
    where p.name = ${name} for share of p`.execute();
  const [row] = await sent;
  const actual =
    row?.generation === generation ? "live" : row?.building === generation ? "building" : "superseded";
  if (actual === "superseded") throw new NotCurrent(actual);
  if (row?.resets !== resets) throw new NotCurrent("reset");
  if (row.paused === true) throw new NotCurrent("paused");
  if (actual !== mode) throw new NotCurrent(actual);
  if (row.sealed === true && actual === "live") throw new NotCurrent("sealed");
}

function blame(error: unknown): unknown {
  // An event of a newer version of the service: the lease goes to whoever knows it, and nothing is parked.
  if (error instanceof SamspelError && error.code === "SAMSPEL_EVENT_UNKNOWN") return error;
  // A deadlock or the like is Postgres's to heal; a handler's own failure to reach somebody is not.
  if (isPostgresError(error) && isTransient(error)) return error;
  return new ApplyError(error);
}

function isPostgresError(error: unknown): error is Error {
  return error instanceof Error && error.name === "PostgresError";
}

async function runEffects(
  effects: readonly (() => unknown)[],
  { name }: Projection,
  logger: Logger,
): Promise<void> {
  for (const effect of effects) {
    try {
      await effect();
    } catch (error) {
      logger.error({ err: error, projection: name }, "an effect after the commit failed");
    }
  }
}
