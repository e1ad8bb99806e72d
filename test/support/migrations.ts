// Instances that bring one schema up to date, and small steps for them.
import type { Test } from "tap";
import { openDatabase, type Database } from "../../ts-runtime/src/postgres/index.ts";
import type { Migration } from "../../ts-runtime/src/postgres/migration.ts";
import { databaseUrl } from "./environment.ts";
import { testSchema } from "./isolation.ts";
import { silentLogger as logger } from "./silent-logger.ts";

/** Opens instances on one fresh schema; they end with the test. */
export function instances(t: Test): () => Promise<Database> {
  const schema = testSchema(t);
  return async () => {
    const database = await openDatabase({ url: databaseUrl(), schema, maxConnections: 2, logger });
    t.teardown(() => database.close());
    return database;
  };
}

/** A step that makes a table; by default only code that has it can live with it. */
export const table = (number: number, name: string, compatibleWith: number = number): Migration => ({
  number,
  name,
  compatibleWith,
  sql: `create table ${name} (n int)`,
});

/** The numbers of the steps that were applied. */
export async function stepsOf({ sql }: Database): Promise<readonly number[]> {
  const rows = await sql<{ number: number }[]>`select number from samspel_migration order by number`;
  return rows.map(({ number }) => number);
}
