// The steps of a database that holds read models only: a projection's checkpoint and books stand beside its tables,
// so that they are one transaction (T4), wherever the journal is.
import type { Migration } from "../migration.ts";
import { projectionTables } from "./projection.ts";
import { projectionBuilds } from "./projection-build.ts";
import { projectionChanges } from "./projection-change.ts";

const checkpointTable: Migration = {
  number: 1,
  name: "read model",
  compatibleWith: 1,
  sql: `
    create table checkpoint (
      name text primary key,
      tx xid8 not null,
      position bigint not null,
      epoch bigint not null,
      moved_at timestamptz not null default clock_timestamp()
    );
  `,
};

/** For `migrate`; a service's own schema has all of these tables already. */
export const readModelMigrations: readonly Migration[] = [
  checkpointTable,
  projectionTables,
  projectionBuilds,
  projectionChanges,
];
