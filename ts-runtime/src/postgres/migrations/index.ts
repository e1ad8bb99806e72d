import type { Migration } from "../migration.ts";
import { clusterTable } from "./cluster.ts";
import { descriptorTable } from "./descriptor.ts";
import { forgettingTable } from "./forgetting.ts";
import { inboxTables } from "./inbox.ts";
import { journalTables } from "./journal.ts";
import { leaseTable } from "./lease.ts";
import { outboxTable } from "./outbox.ts";
import { projectionTables } from "./projection.ts";
import { handledTable } from "./tell.ts";
import { projectionBuilds } from "./projection-build.ts";
import { projectionChanges } from "./projection-change.ts";
import { timerMetadata } from "./timer-metadata.ts";
import { timerTable } from "./timer.ts";

/** All steps of the toolkit's own tables, in order. */
export const migrations: readonly Migration[] = [
  journalTables,
  leaseTable,
  projectionTables,
  descriptorTable,
  timerTable,
  forgettingTable,
  outboxTable,
  clusterTable,
  inboxTables,
  projectionBuilds,
  projectionChanges,
  handledTable,
  timerMetadata,
];
