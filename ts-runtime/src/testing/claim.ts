// The name under which a test run keeps what it makes in shared infra, and proof that the run is alive.
//
// Invariants:
//   C1. A run holds a session lock on its name, on a connection of its own, from before anything bears the name until
//       everything is removed. When the process dies, however it does, Postgres lets the lock go. Where the connection
//       breaks, the lock is taken again within a minute.
//   C2. What a dead run left behind is removed by a later run: only under the lock, so by one run at a time, and only
//       where the name is 10 minutes old, so that a run whose connection broke for a moment keeps what it has.
//   C3. Ages are told by the database's clock alone.
import { randomBytes } from "node:crypto";
import { openDatabase, transact, type Database, type Sql, type TransactionSql } from "../postgres/index.ts";
import type { Logger } from "../telemetry/index.ts";

/** What a claim is on: the run's schemas begin with this name. */
export interface Claim {
  /** Such as `samspel_test_20261231235959_0a1b2c3d`. */
  readonly id: string;
  /** The one connection that holds the lock; it removes, too. */
  readonly sql: Sql;
  /** Lets the lock go. */
  release(): Promise<void>;
}

const idPattern = /^samspel_test_(\d{14})_[0-9a-f]{8}/;
const minAgeMs = 10 * 60_000;
const lookEveryMs = 60_000;

/**
 * Claims a new name.
 * @throws SAMSPEL_DATABASE_UNREACHABLE with the reason and the fix.
 */
export async function claimRun(url: string, logger: Logger): Promise<Claim> {
  const database = await openDatabase({
    url,
    // One that every database has: nothing is made before there is a lock.
    schema: "information_schema",
    maxConnections: 1,
    applicationName: "samspel test run",
    logger,
  });
  try {
    return await claim(database);
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function claim(database: Database): Promise<Claim> {
  const { sql } = database;
  const [row] = await sql<{ stamp: string }[]>`
    select to_char(clock_timestamp() at time zone 'utc', 'YYYYMMDDHH24MISS') as stamp`;
  const id = `samspel_test_${row?.stamp}_${randomBytes(4).toString("hex")}`;
  const lock = async (): Promise<void> =>
    void (await sql`select pg_try_advisory_lock(hashtextextended(${id}, 0))`);
  await lock();
  const timer = setInterval(() => void lock().catch(() => {}), lookEveryMs).unref();
  return {
    id,
    sql,
    async release() {
      clearInterval(timer);
      await database.close();
    },
  };
}

/** The run that a schema or a stream belongs to; undefined for one that is no test's. */
export function runOf(name: string): string | undefined {
  return idPattern.exec(name.replaceAll("-", "_"))?.[0];
}

/**
 * Removes what dead runs left behind: their schemas, and whatever else `remove` knows of a run.
 * @returns the names of those runs.
 */
export async function sweep(
  { id: own, sql }: Claim,
  remove: { readonly runs: readonly string[]; run(id: string): Promise<void> },
  ageMs: number = minAgeMs,
): Promise<readonly string[]> {
  const schemas = await sql<{ nspname: string }[]>`
    select nspname from pg_namespace where nspname like 'samspel\\_test\\_%'`;
  const runs = new Set([...schemas.map(({ nspname }) => runOf(nspname)), ...remove.runs]);
  const swept: string[] = [];
  const failures: unknown[] = [];
  for (const id of runs) {
    if (id === undefined || id === own) continue;
    try {
      const isDead = await transact(sql, async (tx) => {
        if (!(await claimDead(tx, id, ageMs))) return false;
        // Before the transaction writes, as a writing one holds back all readers of journals (J4).
        await remove.run(id);
        for (const { nspname } of schemas) if (runOf(nspname) === id) await dropSchema(tx, nspname);
        return true;
      });
      if (isDead) swept.push(id);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} dead test runs remain`);
  return swept;
}

async function claimDead(tx: TransactionSql, id: string, ageMs: number): Promise<boolean> {
  const stamp = idPattern.exec(id)?.[1] ?? "";
  const [row] = await tx<{ dead: boolean }[]>`
    select case
      when clock_timestamp() at time zone 'utc' - to_timestamp(${stamp}, 'YYYYMMDDHH24MISS')::timestamp
        < ${ageMs} * interval '1 millisecond' then false
      else pg_try_advisory_xact_lock(hashtextextended(${id}, 0))
    end as dead`;
  return row?.dead === true;
}

/** Drops a schema with all in it; who still uses it makes that fail after 2 s, in place of waiting for ever. */
export async function dropSchema(tx: TransactionSql, schema: string): Promise<void> {
  await tx`set local lock_timeout = '2s'`;
  await tx`drop schema if exists ${tx(schema)} cascade`;
}
