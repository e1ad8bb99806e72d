// The journal's tables: events, the record of commands, snapshots and checkpoints. docs/concepts/journal.md has the
// reasons.
//
// Ids compare by their bytes: so ids with one prefix stand together in the primary key, an index never depends on the
// version of the machine's locales, and a comparison is a memcmp.
//
// The slice stands in the index of the order, behind the position: so a reader of some slices walks the index and
// fetches its own rows only (of 1,000,000 events and a sixteenth of the slices, 148 blocks a page in place of 821),
// and an append writes no third index. One that begins with the slice would have to be merged from as many places as
// there are slices.
import type { Migration } from "../migration.ts";

export const journalTables: Migration = {
  number: 1,
  name: "journal",
  compatibleWith: 1,
  sql: `
    create table event (
      entity_type text collate "C" not null,
      entity_id text collate "C" not null,
      revision bigint not null,
      slice smallint not null,
      tx xid8 not null default pg_current_xact_id(),
      position bigint not null generated always as identity,
      append_id uuid not null,
      payload bytea not null,
      metadata jsonb,
      recorded_at timestamptz not null default clock_timestamp(),
      primary key (entity_type, entity_id, revision)
    ) with (
      autovacuum_analyze_threshold = 500,
      autovacuum_analyze_scale_factor = 0.05
    );
    create index event_order on event (tx, position, slice);

    create table command (
      entity_type text collate "C" not null,
      entity_id text collate "C" not null,
      command_id text collate "C" not null,
      revision bigint not null,
      reply bytea not null,
      recorded_at timestamptz not null default clock_timestamp(),
      primary key (entity_type, entity_id, command_id)
    );
    create index command_age on command (recorded_at);

    create table snapshot (
      entity_type text collate "C" not null,
      entity_id text collate "C" not null,
      revision bigint not null,
      state bytea not null,
      fingerprint text not null,
      recorded_at timestamptz not null default clock_timestamp(),
      primary key (entity_type, entity_id)
    );

    create table checkpoint (
      name text primary key,
      tx xid8 not null,
      position bigint not null,
      epoch bigint not null,
      moved_at timestamptz not null default clock_timestamp()
    );
  `,
};
