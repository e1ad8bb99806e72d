// Runs a publication: follows the journal and publishes what its handlers make of it (T1).
//
// P1. The checkpoint moves only over events whose messages the broker has acked, or that were skipped, and only
//     forward, under the lease's epoch. So a crash in between publishes again, with the same ids, and skips nothing.
// P2. One runner per topic holds the lease; the order of the journal is the order of publishing.
// P3. A broker that is away is waited for; so is a database.
import { runUnderLease } from "../cluster/index.ts";
import type { Journal, Page } from "../journal/index.ts";
import type { Database } from "../postgres/index.ts";
import { backoff } from "../resilience/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { createPublisher, ensureStream, type Broker, type Publisher } from "../topic/index.ts";
import { makeMessages, type PublishedEvent } from "./make-messages.ts";
import type { Publication } from "./publish.ts";
import { createPassingStates } from "./states.ts";

export interface RunPublicationOptions {
  readonly publication: Publication;
  readonly database: Database;
  readonly journal: Journal;
  readonly broker: Broker;
  /** The service's name; it is the source of the messages. */
  readonly service: string;
  /** This process, for whoever looks into the leases. */
  readonly owner: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** How many events are read and published in one go. Default 1,000. */
  readonly pageSize?: number;
  /** After so long without a sign of life another instance takes over. Default 10,000 ms. */
  readonly leaseTtlMs?: number;
}

const defaultPageSize = 1_000;

/** Runs a publication, on one instance at a time, until `signal` aborts. */
export async function runPublication(options: RunPublicationOptions): Promise<void> {
  const { publication, database, owner, signal, leaseTtlMs } = options;
  await runUnderLease(
    {
      database,
      name: `publication:${publication.topic.name}`,
      owner,
      signal,
      ...(leaseTtlMs === undefined ? {} : { ttlMs: leaseTtlMs }),
    },
    (held, epoch) => publishUnderLease(options, held, epoch),
  );
}

async function publishUnderLease(
  options: RunPublicationOptions,
  signal: AbortSignal,
  epoch: bigint,
): Promise<void> {
  const { publication, database, journal, broker, service, pageSize = defaultPageSize } = options;
  const name = `publication:${publication.topic.name}`;
  using publisher = createPublisher(broker);
  const states = createPassingStates(database, publication.entity);
  const save = (position: Page["next"]): Promise<void> =>
    database.bounded((sql) => journal.checkpoints.save(sql, { name, position, epoch }));

  const after = await journal.checkpoints.claim({ name, epoch });
  const pages = journal.follow({ after, entityTypes: [publication.entity.name], limit: pageSize, signal });
  for await (const page of pages) {
    const events = await makeMessages(page.events, { publication, states, service, prefix: broker.prefix });
    if (!(await publishAll(events, { ...options, publisher, signal, save }))) return;
    await save(page.next);
  }
}

interface Publishing extends RunPublicationOptions {
  readonly publisher: Publisher;
  readonly save: (position: Page["next"]) => Promise<void>;
}

/** Publishes a page, however long the broker is away; false where the stop came first. */
async function publishAll(events: readonly PublishedEvent[], publishing: Publishing): Promise<boolean> {
  const { publication, broker, logger, signal, save } = publishing;
  let rest = events;
  for (let failures = 0; rest.length > 0;) {
    await broker.connected(signal);
    if (signal.aborted) return false;
    const { published, error } = await publishOnce(rest, publishing);
    if (error === undefined) return true;
    const last = rest[published - 1];
    rest = rest.slice(published);
    failures = last === undefined ? failures + 1 : 1;
    logger.warn(
      { err: error, topic: publication.topic.name, waiting: rest.length, failures },
      "publishing is tried again",
    );
    if (last !== undefined) await save(last.position);
    await backoff(failures, signal);
    await ensureStream(broker, publication.topic).catch(() => {}); // it may be what is missing; the next try tells
  }
  return true;
}

function publishOnce(
  events: readonly PublishedEvent[],
  { publisher }: Publishing,
): ReturnType<Publisher["publish"]> {
  return publisher.publish(events.map(({ message }) => message));
}
