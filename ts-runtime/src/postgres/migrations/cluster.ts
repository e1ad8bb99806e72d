// The members of each shared work: who takes part in it, and until when it is believed to live.
import type { Migration } from "../migration.ts";

export const clusterTable: Migration = {
  number: 8,
  name: "cluster",
  compatibleWith: 3,
  sql: `
    create table cluster_member (
      work text collate "C" not null,
      instance text collate "C" not null,
      expires_at timestamptz not null,
      primary key (work, instance)
    ) with (fillfactor = 50);
  `,
};
