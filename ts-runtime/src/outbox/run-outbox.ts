// The relay: publishes what transactions of the service left in the outbox.
//
// Invariants:
//   O1. A row is deleted when JetStream has acked its message, and never before. A crash in between publishes it again
//       with the same id.
//   O2. Rows of one key are published in the order of their ids, as far as they are due.
//   O3. A range has one relay at a time; what a former one still sends is refused by the server.
//   O4. A stream that is away, full or missing holds up its own rows alone. A row that its stream will never take holds
//       up the later ones of its key, and is told again and again.
import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster, HeldRange } from "../cluster/index.ts";
import { outboxChannel } from "../journal/index.ts";
import { isTransient, type Database } from "../postgres/index.ts";
import { backoff, createLatch } from "../resilience/index.ts";
import type { Logger } from "../telemetry/index.ts";
import type { Broker } from "../topic/index.ts";
import { createOutboxMetrics, type OutboxMetrics } from "./outbox-metrics.ts";
import { deleteRows, readDue, type OutboxRow } from "./outbox-table.ts";
import { openStreamRelay, type StreamRelay } from "./stream-relay.ts";

export interface RunOutboxOptions {
  readonly database: Database;
  readonly cluster: Cluster;
  /** Gives the connection to NATS; asked when there is something to publish. */
  readonly connect: () => Promise<Broker>;
  /** The service's name. */
  readonly service: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Makes a stream where it is missing, given a subject of it; both without the topic prefix. Default: nobody does. */
  readonly ensureStream?: (stream: string, subject: string) => Promise<unknown>;
  /** How often to look without having been woken. Default 1,000 ms. */
  readonly pollMs?: number;
  /** How many rows are on their way at most. Default 2,048. */
  readonly maxOnTheWay?: number;
}

const work = "outbox";
const deleteAfterMs = 10;
const ackGraceMs = 2_000;
/** A row that was refused is tried again after so long. */
const refusedForMs = 30_000;
const stuckAfter = 5;

/** Relays the outbox, on all instances that share it, until `signal` aborts. */
export async function runOutbox(options: RunOutboxOptions): Promise<void> {
  const { cluster, signal } = options;
  using metrics = createOutboxMetrics(options);
  /** What is published but not deleted yet; it outlives a run. */
  const published = new Set<bigint>();
  await cluster.share({ name: work, signal }, (held, signal) =>
    relay({ ...options, metrics, published, signal }, held),
  );
}

interface RelayOptions extends RunOutboxOptions {
  readonly metrics: OutboxMetrics;
  readonly published: Set<bigint>;
}

async function relay(options: RelayOptions, held: readonly HeldRange[]): Promise<void> {
  const { database, cluster, connect, service, logger, metrics, published } = options;
  const { pollMs = 1_000, maxOnTheWay = 2_048, ensureStream = async () => {} } = options;
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, ended.signal]);
  const ranges = held.map(({ range }) => range);
  const relays = new Map<string, StreamRelay>();
  const onTheWay = new Set<bigint>();
  /** Rows that were refused, and until when their keys wait. */
  const refused = new Map<string, number>();
  const news = createLatch();
  const stored = createLatch();
  let failure: Error | undefined;

  const end = (error: unknown): void => {
    failure ??= error instanceof Error ? error : new Error("The relay failed", { cause: error });
    ended.abort();
  };

  const open = (row: OutboxRow): StreamRelay => {
    const { stream } = row;
    const about = { stream };
    return openStreamRelay(
      {
        connect,
        stream,
        service,
        held,
        signal,
        confirm: () => cluster.confirm(work, held),
        ensure: (subject) => ensureStream(stream, subject),
        onStored({ id }) {
          onTheWay.delete(id);
          published.add(id);
          metrics.published(stream);
          stored.set();
        },
        onRefused({ id, key, messageId }, reason) {
          onTheWay.delete(id);
          refused.set(queueOf(stream, key), performance.now() + refusedForMs);
          metrics.failed(stream, "message");
          logger.error(
            { ...about, messageId, key, reason },
            "OUTBOX BLOCKED: the stream will never take this message, and its key waits",
          );
        },
        onTrouble({ reason, failures }) {
          metrics.failed(stream, "broker");
          logger[failures < stuckAfter ? "warn" : "error"](
            { ...about, reason, failures },
            "the broker does not take messages of the outbox now: they wait",
          );
        },
        onLost: end,
      },
      row,
    );
  };

  /** Gives a row to its stream; false where it has to wait. */
  const send = (row: OutboxRow): boolean => {
    const queue = queueOf(row.stream, row.key);
    const until = refused.get(queue);
    if (until !== undefined && performance.now() < until) return false;
    if (until !== undefined) refused.delete(queue);
    let to = relays.get(row.stream);
    if (to === undefined) relays.set(row.stream, (to = open(row)));
    if (!to.isReady) return false;
    onTheWay.add(row.id);
    to.send(row);
    return true;
  };

  const notReady = (): readonly string[] =>
    [...relays].filter(([, relay]) => !relay.isReady).map(([stream]) => stream);

  /** One look; how long to wait for the next one. */
  const look = async (): Promise<number> => {
    const limit = Math.min(maxOnTheWay - onTheWay.size, maxOnTheWay / 2);
    if (limit <= 0) return pollMs;
    const due = await readDue(database, {
      ranges,
      limit,
      except: [...onTheWay, ...published],
      exceptStreams: notReady(),
    });
    const sent = due.rows.filter(send).length;
    if (sent > 0 && due.full) return 0;
    // A stream that opens, or is well again, tells nobody.
    return notReady().length > 0 ? Math.min(pollMs, openingPollMs) : Math.min(pollMs, due.nextInMs ?? pollMs);
  };

  const readOn = async (): Promise<void> => {
    using _ = await database.listen(outboxChannel(database), () => news.set());
    for (let failures = 0; !signal.aborted;) {
      try {
        const waitMs = await look();
        failures = 0;
        if (waitMs > 0) await news.wait(waitMs, signal);
      } catch (error) {
        if (!isTransient(error)) return end(error);
        logger.warn({ err: error, failures: ++failures }, "database away: the outbox waits");
        await backoff(failures, signal, { maxMs: pollMs });
      }
    }
  };

  const deletePublished = async (): Promise<void> => {
    const ids = [...published];
    if (ids.length === 0) return;
    await deleteRows(database, ids);
    for (const id of ids) published.delete(id);
    if (onTheWay.size >= maxOnTheWay / 2) news.set();
  };

  const deleteOn = async (): Promise<void> => {
    for (let failures = 0; !signal.aborted;) {
      await stored.wait(pollMs, signal);
      await sleep(deleteAfterMs, undefined, { signal }).catch(() => {});
      if (onTheWay.size <= maxOnTheWay / 2) news.set();
      try {
        await deletePublished();
        failures = 0;
      } catch (error) {
        if (!isTransient(error)) return end(error);
        logger.warn({ err: error, failures: ++failures }, "published messages stay in the outbox for now");
        await backoff(failures, signal, { maxMs: pollMs });
      }
    }
  };

  metrics.holds(held);
  await Promise.all([readOn(), deleteOn()]).finally(() => metrics.holds([]));
  await Promise.all([...relays.values()].map((to) => to.stop(ackGraceMs)));
  await deletePublished().catch((error: unknown) =>
    logger.warn({ err: error }, "published messages stay in the outbox"),
  );
  if (failure !== undefined) throw failure;
}

const openingPollMs = 20;

function queueOf(stream: string, key: string): string {
  return `${stream}/${key}`;
}
