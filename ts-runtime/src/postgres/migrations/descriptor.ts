// Descriptors of the event messages that were ever stored (J6): what is in the journal can be read without the version
// that wrote it, and a version that would misread it does not start.
import type { Migration } from "../migration.ts";

export const descriptorTable: Migration = {
  number: 4,
  name: "descriptor",
  compatibleWith: 3,
  sql: `
    create table descriptor (
      entity_type text not null,
      digest text not null,
      number bigint not null generated always as identity,
      message text not null,
      file_descriptor_set bytea not null,
      stored_at timestamptz not null default clock_timestamp(),
      primary key (entity_type, digest)
    );
  `,
};
