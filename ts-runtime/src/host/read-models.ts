// The databases of projections that keep their tables elsewhere: one connection pool for each, however many projections
// share it.
import { migrate, openDatabase, readModelMigrations, type Database } from "../postgres/index.ts";
import type { Projection } from "../projection/index.ts";
import type { Logger } from "../telemetry/index.ts";

/** Gives the database that has a projection's tables; undefined for the service's own. */
export type ReadModels = (projection: Pick<Projection, "database">) => Database | undefined;

/** Connects, and makes the books that stand beside the tables. */
export async function openReadModels(
  projections: readonly Projection[],
  { logger, begun }: { readonly logger: Logger; readonly begun: AsyncDisposableStack },
): Promise<ReadModels> {
  const opened = new Map<string, Database>();
  for (const { database: options } of projections) {
    if (options === undefined || opened.has(keyOf(options))) continue;
    const database = begun.use(await openDatabase({ ...options, logger }));
    await migrate(database, readModelMigrations);
    opened.set(keyOf(options), database);
  }
  return ({ database }) => (database === undefined ? undefined : opened.get(keyOf(database)));
}

function keyOf({ url, schema }: NonNullable<Projection["database"]>): string {
  return JSON.stringify([url, schema]);
}
