// Brings a service's schema to what this code needs, while other instances, old ones too, work on it.
//
// Invariants:
//   M1. The missing steps up to the next index, or to the last one, are one transaction, so that a schema is never
//       between two versions.
//   M2. Instances that start at once wait for each other: an advisory lock per schema. It is tried and tried again, and
//       never waited for inside a transaction: an index that is made concurrently would wait for that one in turn.
//   M3. No step waits for a table for longer than `lockTimeoutMs`, as all who come behind it would wait too. It lets
//       them pass, and tries again.
//   M4. Code that a step can live without it (`compatibleWith`) starts on the newer schema; other code is refused.
import { SamspelError } from "../errors/index.ts";
import { backoff } from "../resilience/index.ts";
import { createIndex } from "./create-index.ts";
import type { Database, TransactionSql } from "./database.ts";
import { explainRefusal, lockNotHad } from "./migrate-errors.ts";
import type { IndexStep, Migration } from "./migration.ts";
import { missingSteps, prepareRecord, readRecord, record } from "./migration-record.ts";
import { migrations } from "./migrations/index.ts";
import { transact } from "./transact.ts";
import { errorCodeOf } from "./transient.ts";

export interface MigrateOptions {
  /** How long a step waits for a table before it lets others pass. Default 2,000 ms. */
  readonly lockTimeoutMs?: number;
  /** How long a step is tried again, and another instance is waited for. Default 120,000 ms. */
  readonly retryForMs?: number;
}

type Progress =
  /** No step is missing. */
  | { readonly type: "done" }
  /** The steps before this one are made. */
  | { readonly type: "index"; readonly step: IndexStep }
  /** An index is made and recorded. */
  | { readonly type: "indexed" }
  /** Another instance is at it. */
  | { readonly type: "busy" }
  /** A table was not had in time, and nothing was changed. */
  | { readonly type: "blocked"; readonly error: unknown };

/**
 * Runs the steps that a schema lacks; the default is those of the toolkit's own tables.
 * @throws SAMSPEL_INVALID_CONFIGURATION where the schema is newer than this code and cannot live with it, a step was
 *   edited, or the database user lacks a right.
 * @throws SAMSPEL_DATABASE_UNREACHABLE where a lock was not had in time; it names who may have it.
 */
export async function migrate(
  database: Database,
  steps: readonly Migration[] = migrations,
  { lockTimeoutMs = 2_000, retryForMs = 120_000 }: MigrateOptions = {},
): Promise<void> {
  const { schema, logger } = database;
  let startedAtMs = performance.now();
  let next: IndexStep | undefined;
  for (let waits = 0; ;) {
    const progress = await (
      next === undefined ? makeTables(database, steps, lockTimeoutMs) : makeIndex(database, next)
    ).catch((error: unknown): Progress => {
      if (isLockFailure(error)) return { type: "blocked", error };
      throw explainRefusal(error, schema);
    });
    if (progress.type === "done") return;
    next = progress.type === "index" ? progress.step : undefined;
    if (progress.type === "index" || progress.type === "indexed") {
      startedAtMs = performance.now();
      waits = 0;
      continue;
    }
    if (progress.type === "busy" && (await lacksIndexesOnly(database, steps))) return;
    waits++;
    const waitedMs = performance.now() - startedAtMs;
    if (waitedMs > retryForMs) throw await lockNotHad(database, progress, waitedMs);
    if (progress.type === "blocked") {
      logger.warn({ waits }, `${(await lockNotHad(database, progress, waitedMs)).message}: trying again`);
    } else if (waits === 1) {
      logger.info({ schema }, "another instance brings the schema up to date: waiting for it");
    }
    await backoff(waits, undefined, progress.type === "blocked" ? blockedPace : busyPace);
  }
}

const blockedPace = { initialMs: 100, maxMs: 2_000 };
const busyPace = { initialMs: 20, maxMs: 250 };

/** Runs the missing steps up to the first index, in one transaction (M1). */
async function makeTables(
  { sql, schema, logger }: Database,
  steps: readonly Migration[],
  lockTimeoutMs: number,
): Promise<Progress> {
  const startedAtMs = performance.now();
  const made: string[] = [];
  const progress = await transact<Progress>(sql, async (tx) => {
    if (!(await tryLock(tx, schema))) return { type: "busy" };
    await tx`select set_config('lock_timeout', ${`${lockTimeoutMs}ms`}, true)`;
    await prepareRecord(tx);
    for (const step of missingSteps(schema, await readRecord(tx), steps)) {
      if ("index" in step) return { type: "index", step };
      logger.info({ schema, step: step.number, name: step.name }, "making a step of the schema");
      await tx.unsafe(step.sql);
      await record(tx, step);
      made.push(step.name);
    }
    return { type: "done" };
  });
  if (made.length > 0)
    logger.info(
      { schema, steps: made, tookMs: Math.round(performance.now() - startedAtMs) },
      "schema migrated",
    );
  return progress;
}

/**
 * Makes one index, on another connection. The transaction beside it holds nothing but the lock of M2: no snapshot, for
 * which the index would wait.
 */
async function makeIndex(database: Database, step: IndexStep): Promise<Progress> {
  const { sql, schema, logger } = database;
  const startedAtMs = performance.now();
  return transact<Progress>(sql, async (guard) => {
    if (!(await tryLock(guard, schema))) return { type: "busy" };
    if ((await readRecord(guard)).some(({ number }) => number === step.number)) return { type: "indexed" };
    // Sent as a simple query, which also closes the portal of the query before it, and with it its snapshot: the index
    // would wait for that one for ever.
    await guard.unsafe("set local idle_in_transaction_session_timeout = 0");
    logger.info({ schema, step: step.number, name: step.name }, "making an index while others write");
    await createIndex(database, step);
    await record(guard, step);
    logger.info(
      { schema, step: step.number, name: step.name, tookMs: Math.round(performance.now() - startedAtMs) },
      "index made",
    );
    return { type: "indexed" };
  });
}

/** Code can do without an index that another instance is making; such a one may take long. */
async function lacksIndexesOnly({ sql, schema }: Database, steps: readonly Migration[]): Promise<boolean> {
  return missingSteps(schema, await readRecord(sql), steps).every((step) => "index" in step);
}

async function tryLock(tx: TransactionSql, schema: string): Promise<boolean> {
  const [row] = await tx<{ locked: boolean }[]>`
    select pg_try_advisory_xact_lock(hashtextextended(${`samspel.migrate.${schema}`}, 0)) as locked`;
  return row?.locked === true;
}

/** A lock that was not had in time, or only at the price of a deadlock. */
function isLockFailure(error: unknown): boolean {
  return !(error instanceof SamspelError) && ["55P03", "40P01"].includes(errorCodeOf(error) ?? "");
}
