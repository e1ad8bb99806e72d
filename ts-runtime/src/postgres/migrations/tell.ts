// What plain services have carried out, with the reply, so that a repeated command gets the first one again.
import type { Migration } from "../migration.ts";

export const handledTable: Migration = {
  number: 12,
  name: "handled",
  compatibleWith: 3,
  sql: `
    create table handled (
      method text collate "C" not null,
      key text collate "C" not null,
      command_id text collate "C" not null,
      reply bytea not null,
      recorded_at timestamptz not null default clock_timestamp(),
      primary key (method, key, command_id)
    );
    create index handled_age on handled (recorded_at);
  `,
};
