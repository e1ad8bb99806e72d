// Leases: who may work on what, until when, and the epoch that fences who came before.
import type { Migration } from "../migration.ts";

export const leaseTable: Migration = {
  number: 2,
  name: "lease",
  compatibleWith: 1,
  sql: `
    create table lease (
      name text primary key,
      owner text not null,
      epoch bigint not null,
      expires_at timestamptz not null
    );
  `,
};
