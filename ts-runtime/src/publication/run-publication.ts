// Runs a publication: follows the journal and publishes what its handlers make of it (T1).
//
// P1. A range's checkpoint moves only over events whose messages the broker has acked, or that were skipped, from the
//     first on, and only forward, under the lease's epoch. So a crash in between publishes again, with the same ids, and
//     skips nothing.
// P2. What is published goes through the range's lane, which the server fences: who lost the range and does not know it
//     yet publishes nothing.
// P3. Messages of one key go one after the other; those of different keys beside each other.
// P4. A broker that is away or full is waited for, and so is a database.
// P5. An event that cannot be published holds its own range back, and no other.
import type { Cluster, HeldRange } from "../cluster/index.ts";
import type { Journal, RangedPage } from "../journal/index.ts";
import type { Database } from "../postgres/index.ts";
import type { Logger } from "../telemetry/index.ts";
import type { Broker } from "../topic/index.ts";
import { createPublicationMetrics } from "./publication-metrics.ts";
import {
  defaultPageSize,
  openPublishing,
  type PublicationMemory,
  type PublishingOptions,
} from "./publishing.ts";
import { workName, type Publication } from "./publish.ts";

export interface RunPublicationOptions {
  readonly publication: Publication;
  readonly database: Database;
  readonly journal: Journal;
  readonly cluster: Cluster;
  readonly broker: Broker;
  /** The service's name; it is the source of the messages. */
  readonly service: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** How many events are read in one go. Default 1,000. */
  readonly pageSize?: number;
  /** How many events may be on their way to the broker. Default 4,096. */
  readonly maxWaiting?: number;
}

/** Runs a publication, on all instances that share it, until `signal` aborts. */
export async function runPublication(options: RunPublicationOptions): Promise<void> {
  const { publication, cluster, signal } = options;
  if (publication.sources.size === 0) return;
  using metrics = createPublicationMetrics(options);
  const memory: PublicationMemory = { stored: new Map(), blockedAt: new Map() };
  const ranges = publication.order === "journal" ? 1 : 16;
  await cluster.share({ name: workName(publication), ranges, signal }, async (held, signal) => {
    metrics.holds(held);
    await publishRanges({ ...options, metrics, memory, signal }, held).finally(() => metrics.holds([]));
  });
}

async function publishRanges(options: PublishingOptions, held: readonly HeldRange[]): Promise<void> {
  const { publication, pageSize = defaultPageSize } = options;
  const publishing = await openPublishing(options, held);
  if (publishing === undefined) return;
  const { signal, journal, from } = publishing;
  try {
    const entityTypes = [...publication.sources.keys()];
    const pages: AsyncIterable<RangedPage> = journal.follow(from, {
      entityTypes,
      limit: pageSize,
      signal,
      idleMs: 10_000,
    });
    for await (const page of pages) {
      await publishing.publish(page);
      if (signal.aborted) break;
    }
  } finally {
    await publishing.close();
  }
  publishing.throwFailure();
}
