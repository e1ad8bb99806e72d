// The tables of a projection: made once per version, by one instance, before any event and any query.
import { SamspelError } from "../errors/index.ts";
import { transact, type Database, type TransactionSql } from "../postgres/index.ts";
import type { Projection } from "./project.ts";

/**
 * Runs a projection's setup where its version has not been set up.
 * @throws SAMSPEL_INVALID_CONFIGURATION where a newer version was here: an old instance must not write its tables.
 */
export async function setUpProjection(database: Database, projection: Projection): Promise<void> {
  const { name, version, setup } = projection;
  await transact(database.sql, async (sql) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`samspel.projection.${database.schema}.${name}`}, 0))`;
    const found = await storedVersion(sql, name);
    if (found === version) return;
    if (found !== undefined && found > version) throw outdated(projection, found);
    await setup?.(sql);
    await sql`
      insert into projection (name, version) values (${name}, ${version})
      on conflict (name) do update set version = excluded.version, set_up_at = clock_timestamp()`;
    database.logger.info({ projection: name, version }, "projection set up");
  });
}

/**
 * Holds the version while a transaction writes.
 * @throws SAMSPEL_INVALID_CONFIGURATION where another version has been set up meanwhile.
 */
export async function requireVersion(sql: TransactionSql, projection: Projection): Promise<void> {
  const [row] = await sql<{ version: number }[]>`
    select version from projection where name = ${projection.name} for share`;
  if (row?.version !== projection.version) throw outdated(projection, row?.version);
}

async function storedVersion(sql: TransactionSql, name: string): Promise<number | undefined> {
  const [row] = await sql<{ version: number }[]>`select version from projection where name = ${name}`;
  return row?.version;
}

function outdated({ name, version }: Projection, found: number | undefined): SamspelError {
  return new SamspelError(
    "SAMSPEL_INVALID_CONFIGURATION",
    `Cannot run version ${version} of projection ${name} as its tables must be of that version: current version is ${found ?? "none"}`,
  );
}
