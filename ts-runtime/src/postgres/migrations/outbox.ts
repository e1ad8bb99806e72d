// The outbox: messages that a transaction of the service leaves behind, until a relay has published them.
//
// What is due at once and what waits for its time have an index each, so that a million rows that wait cost nothing. The
// slice stands in the first, so that a relay walks past the rows of other ranges without fetching them.
import type { Migration } from "../migration.ts";

export const outboxTable: Migration = {
  number: 7,
  name: "outbox",
  compatibleWith: 3,
  sql: `
    create table outbox (
      id bigint generated always as identity primary key,
      slice smallint not null,
      stream text not null,
      subject text not null,
      message_id text not null,
      key text collate "C" not null,
      headers jsonb,
      body bytea not null,
      due_at timestamptz,
      recorded_at timestamptz not null default clock_timestamp()
    ) with (
      autovacuum_vacuum_threshold = 500,
      autovacuum_vacuum_scale_factor = 0.05,
      autovacuum_analyze_threshold = 500,
      autovacuum_analyze_scale_factor = 0.05
    );
    create index outbox_now on outbox (id, slice) where due_at is null;
    create index outbox_later on outbox (due_at, id) where due_at is not null;
  `,
};
