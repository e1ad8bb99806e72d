// The audit of forgetting: who was forgotten, up to where, what that changed, and when. It holds no personal data,
// unless an entity's id or a command id is some.
import type { Migration } from "../migration.ts";

export const forgettingTable: Migration = {
  number: 6,
  name: "forgetting",
  compatibleWith: 3,
  sql: `
    create table forgetting (
      entity_type text collate "C" not null,
      entity_id text collate "C" not null,
      through_revision bigint not null,
      events_rewritten bigint not null,
      events_erased bigint not null,
      command_id text,
      append_id uuid not null,
      recorded_at timestamptz not null default clock_timestamp(),
      primary key (entity_type, entity_id, through_revision)
    );
  `,
};
