// What projections keep beside their checkpoints: the version that their tables are of, and the events they parked.
import type { Migration } from "../migration.ts";

export const projectionTables: Migration = {
  number: 3,
  name: "projection",
  compatibleWith: 1,
  sql: `
    create table projection (
      name text primary key,
      version int not null,
      set_up_at timestamptz not null default clock_timestamp()
    );

    create table projection_failure (
      projection text not null,
      version int not null,
      entity_type text not null,
      entity_id text not null,
      revision bigint not null,
      attempts int not null,
      error text not null,
      failed_at timestamptz not null default clock_timestamp(),
      primary key (projection, version, entity_type, entity_id, revision)
    );
  `,
};
