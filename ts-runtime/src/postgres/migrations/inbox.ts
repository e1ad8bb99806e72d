// What subscriptions with an inbox have handled, and who may handle.
//
// A note stands for a handled message; it is made in the transaction of the handler's work. The notes of a group come
// about in the order of time, so a BRIN index, which costs next to nothing to keep, finds the old ones.
//
// A fence has a token for each partition of a group, one more with each holder. A transaction goes on only where it
// finds the token that its process was given.
import type { Migration } from "../migration.ts";

export const inboxTables: Migration = {
  number: 9,
  name: "inbox",
  compatibleWith: 3,
  sql: `
    create table inbox (
      group_name text collate "C" not null,
      message_id text collate "C" not null,
      handled_at timestamptz not null default clock_timestamp(),
      primary key (group_name, message_id)
    );
    create index inbox_handled_at on inbox using brin (handled_at) with (pages_per_range = 16);

    create table inbox_fence (
      group_name text collate "C" not null,
      partition smallint not null,
      token bigint not null,
      primary key (group_name, partition)
    );
  `,
};
