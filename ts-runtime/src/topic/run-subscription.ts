// Runs a subscription: what a group does with the messages of a topic (T2).
import type { Message } from "@bufbuild/protobuf";
import { decode } from "../codec/index.ts";
import { keyOf } from "../descriptor/index.ts";
import { invalidConfiguration } from "../errors/index.ts";
import type { Database } from "../postgres/index.ts";
import { backoffMs, createLatch } from "../resilience/index.ts";
import type { Logger } from "../telemetry/index.ts";
import type { Broker } from "./broker.ts";
import { runConsumer, type Work } from "./consume/index.ts";
import { inboxName, openInbox, pruneInbox, type PruneOptions } from "./inbox.ts";
import { ensureStream, partitionSubject, streamName } from "./stream.ts";
import type { Subscription } from "./subscribe.ts";
import { workThrough } from "./subscription-work.ts";

export interface RunSubscriptionOptions {
  readonly subscription: Subscription;
  readonly broker: Broker;
  /** Of the service; needed with an inbox. */
  readonly database?: Database | undefined;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** How long running handlers may go on after the stop. Default 25,000 ms. */
  readonly graceMs?: number;
}

const defaultHandlerTimeoutMs = 60_000;
const pruneEveryMs = 3_600_000;

/**
 * Runs a subscription, on as many instances at once as there are, until `signal` aborts; then resolves when its
 * handlers are done.
 * @throws SAMSPEL_INVALID_CONFIGURATION where the topic has another number of partitions, and where there is an inbox
 *   and no database.
 */
export async function runSubscription(options: RunSubscriptionOptions): Promise<void> {
  const { subscription, database, broker } = options;
  const { topic, group, settings } = subscription;
  if (!subscription.inbox) return consume(options, workThrough(subscription, undefined));
  if (database === undefined) {
    throw invalidConfiguration(
      `Subscription ${group} to ${topic.name} has an inbox and needs Postgres: set DATABASE_URL`,
    );
  }
  const name = inboxName({ stream: streamName(broker.prefix, topic), group });
  const inbox = openInbox({
    database,
    name,
    idleMs: settings.handlerTimeoutMs ?? defaultHandlerTimeoutMs,
  });
  const ended = new AbortController();
  const pruning = pruneNowAndThen(database, {
    name,
    retentionMs: subscription.inboxRetentionMs,
    signal: AbortSignal.any([options.signal, ended.signal]),
    logger: options.logger,
  });
  try {
    await consume(options, workThrough(subscription, inbox), (partition) => inbox.take(partition));
  } finally {
    ended.abort();
    await pruning;
  }
}

async function consume(
  options: RunSubscriptionOptions,
  work: Work<Message>,
  onTake?: (partition: number) => Promise<void>,
): Promise<void> {
  const { subscription, broker, logger, signal, graceMs } = options;
  const { topic, group, settings } = subscription;
  await runConsumer<Message>({
    broker,
    logger,
    signal,
    ...(graceMs === undefined ? {} : { graceMs }),
    ...settings,
    stream: streamName(broker.prefix, topic),
    ensureStream: () => ensureStream(broker, topic),
    name: topic.name,
    partitions: topic.partitions,
    subject: (partition) => partitionSubject(broker.prefix, topic, partition),
    group,
    open: ({ data }) => {
      const value = messageOf(subscription, data);
      return { key: keyOf(topic.keyField, value), value };
    },
    work,
    ...(onTake === undefined ? {} : { onTake }),
  });
}

function messageOf({ topic }: Subscription, data: Uint8Array): Message {
  try {
    return decode(topic.message, data);
  } catch (error) {
    throw new Error(`Cannot decode a ${topic.message.typeName} of topic ${topic.name}`, { cause: error });
  }
}

async function pruneNowAndThen(database: Database, options: PruneOptions): Promise<void> {
  const { signal, logger } = options;
  const latch = createLatch();
  for (let failures = 0; !signal.aborted;) {
    try {
      await pruneInbox(database, options);
      failures = 0;
    } catch (error) {
      failures += 1;
      logger.debug({ err: error }, "old notes of the inbox cannot be removed now");
    }
    await latch.wait(failures === 0 ? pruneEveryMs : backoffMs(failures, { maxMs: 60_000 }), signal);
  }
}
