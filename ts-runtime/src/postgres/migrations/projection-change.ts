// What projections tell of their tables' changes, for queries that go on (docs/concepts/projections.md). Ids are given
// under a lock that is held to the commit, so whoever has seen one id has seen all below it.
import type { Migration } from "../migration.ts";

export const projectionChanges: Migration = {
  number: 11,
  name: "projection changes",
  compatibleWith: 10,
  sql: `
    create table projection_change (
      projection text not null,
      id bigint not null generated always as identity,
      generation int not null,
      body bytea not null,
      recorded_at timestamptz not null default clock_timestamp(),
      primary key (projection, id)
    );
    alter table projection_control add column changes_pruned bigint not null default 0;
  `,
};
