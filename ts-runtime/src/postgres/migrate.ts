// Brings a service's schema to what this code needs.
//
// Invariants:
//   M1. All missing steps are one transaction, so that a schema is never between two versions.
//   M2. Instances that start at once wait for each other: an advisory lock per schema.
import { SamspelError } from "../errors/index.ts";
import type { Database, TransactionSql } from "./database.ts";
import type { Migration } from "./migration.ts";
import { migrations } from "./migrations/index.ts";
import { transact } from "./transact.ts";

/**
 * Runs the steps that a schema lacks.
 * @throws SAMSPEL_INVALID_CONFIGURATION where the schema is newer than this code.
 */
export async function migrate(database: Database, steps: readonly Migration[] = migrations): Promise<void> {
  const { sql, schema, logger } = database;
  const applied = await transact(sql, async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtextextended(${`samspel.migrate.${schema}`}, 0))`;
    const version = await currentVersion(tx);
    const newest = steps.at(-1)?.number ?? 0;
    if (version > newest) throw newerSchema(schema, version, newest);
    const missing = steps.filter((step) => step.number > version);
    for (const step of missing) {
      await tx.unsafe(step.sql);
      await tx`insert into samspel_migration (number, name) values (${step.number}, ${step.name})`;
    }
    return missing;
  });
  if (applied.length > 0) logger.info({ schema, steps: applied.map(({ name }) => name) }, "schema migrated");
}

async function currentVersion(tx: TransactionSql): Promise<number> {
  await tx`create table if not exists samspel_migration (
    number int primary key,
    name text not null,
    applied_at timestamptz not null default clock_timestamp()
  )`;
  const [row] = await tx<{ version: number }[]>`
    select coalesce(max(number), 0) as version from samspel_migration`;
  return row?.version ?? 0;
}

function newerSchema(schema: string, version: number, newest: number): SamspelError {
  return new SamspelError(
    "SAMSPEL_INVALID_CONFIGURATION",
    `Cannot start on schema "${schema}" as its version must be ${newest} or lower: current version is ${version}: deploy the release that made it, or a newer one`,
  );
}
