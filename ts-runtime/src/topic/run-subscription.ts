// Runs a subscription: one durable consumer per partition, one message of a partition at a time (T2).
//
// S1. A message is acked after its handler returned, never before; a crash in between delivers it again.
// S2. What fails comes again after a backoff, and nothing of its partition comes in between.
// S3. A stop lets running handlers finish, within a grace; what did not finish is delivered again.
import { AckPolicy, DeliverPolicy, nanos, ReplayPolicy, type ConsumerInfo } from "nats";
import { setTimeout as sleep } from "node:timers/promises";
import { SamspelError } from "../errors/index.ts";
import { backoff } from "../resilience/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { apiErrorOf, type Broker } from "./broker.ts";
import { ackWaitMs, handleDelivery } from "./handle-delivery.ts";
import { pullMessages } from "./pull-messages.ts";
import { ensureStream, partitionSubject, streamName } from "./stream.ts";
import type { Subscription } from "./subscribe.ts";

export interface RunSubscriptionOptions {
  readonly subscription: Subscription;
  readonly broker: Broker;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** How long running handlers may go on after the stop. Default 25,000 ms. */
  readonly graceMs?: number;
}

const defaultGraceMs = 25_000;
const consumerExists = 10_148;

/**
 * Runs a subscription, on as many instances at once as there are, until `signal` aborts; then resolves when its
 * handlers are done.
 * @throws SAMSPEL_INVALID_CONFIGURATION where the topic has another number of partitions.
 */
export async function runSubscription(options: RunSubscriptionOptions): Promise<void> {
  const { subscription, signal, graceMs = defaultGraceMs } = options;
  const end = new AbortController();
  const settled = new AbortController();
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  const partitions = Array.from({ length: subscription.topic.partitions }, (_, partition) =>
    runPartition({ ...options, partition, signal: stop, end: end.signal }),
  );
  const grace = (async () => {
    await aborted(AbortSignal.any([stop, settled.signal]));
    await sleep(graceMs, undefined, { signal: settled.signal }).catch(() => {});
    end.abort(new SamspelError("SAMSPEL_DRAINING", "The service is stopping"));
  })();
  try {
    await Promise.all(partitions);
  } catch (error) {
    failed.abort();
    await Promise.allSettled(partitions);
    throw error;
  } finally {
    settled.abort();
    await grace;
  }
}

interface PartitionRun extends RunSubscriptionOptions {
  readonly partition: number;
  /** The end of the grace after the stop. */
  readonly end: AbortSignal;
}

async function runPartition(run: PartitionRun): Promise<void> {
  const { subscription, broker, partition, signal, end } = run;
  const { topic, group } = subscription;
  const logger = run.logger.child({ topic: topic.name, group, partition });
  const consumer = { stream: streamName(broker.prefix, topic), name: `${group}-${partition}` };
  let failures = 0;
  let done: Done | undefined;
  while (!signal.aborted) {
    const pull = pullMessages(broker, { consumer, signal });
    try {
      await broker.connected(signal);
      const { created } = await ensureStream(broker, topic);
      const info = await ensureConsumer(broker, subscription, partition);
      if (done?.created === created) acknowledgeAgain(broker, info, done.sequence);
      for (let pulled = await pull.next(); ; pulled = await pull.next()) {
        if (pulled.type === "stopped") return;
        if (pulled.type === "interrupted") throw new Error(pulled.reason);
        failures = 0;
        const { delivery } = pulled;
        if (await handleDelivery({ broker, subscription, logger, end }, delivery)) {
          done = { created, sequence: delivery.sequence };
        }
      }
    } catch (error) {
      if (isFatal(error)) throw error;
      if (signal.aborted) return;
      failures += 1;
      logger.debug({ err: error, failures }, "subscription interrupted");
      if (failures % 10 === 0) logger.warn({ err: error, failures }, "subscription cannot get messages");
    } finally {
      await pull.close();
    }
    await backoff(failures, signal);
  }
}

function isFatal(error: unknown): boolean {
  return error instanceof SamspelError && error.code === "SAMSPEL_INVALID_CONFIGURATION";
}

async function ensureConsumer(
  { manager, prefix }: Broker,
  { topic, group }: Subscription,
  partition: number,
): Promise<ConsumerInfo> {
  const stream = streamName(prefix, topic);
  const name = `${group}-${partition}`;
  const config = {
    durable_name: name,
    filter_subject: partitionSubject(prefix, topic, partition),
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ackWaitMs),
    deliver_policy: DeliverPolicy.All,
    replay_policy: ReplayPolicy.Instant,
    max_ack_pending: 1, // so order holds on any number of instances
    max_deliver: -1,
  };
  return manager.consumers.add(stream, config).catch(async (error: unknown) => {
    if (apiErrorOf(error) !== consumerExists) throw error;
    return manager.consumers.update(stream, name, {
      ack_wait: config.ack_wait,
      max_ack_pending: 1,
      max_deliver: -1,
    });
  });
}

/** The last message that we were done with, and the stream that it came from, by its time of creation. */
interface Done {
  readonly created: string;
  readonly sequence: number;
}

/**
 * A crash of NATS takes its latest acks with it: they are written down some 100 ms later. It would then wait for the
 * answer to a message that we have answered, and the partition with it, until the ack deadline. As messages come in
 * order, all up to our last one are done with.
 */
function acknowledgeAgain({ connection }: Broker, info: ConsumerInfo, done: number): void {
  const { stream_seq: sequence, consumer_seq: delivery } = info.delivered;
  if (info.num_ack_pending === 0 || sequence > done) return;
  connection.publish(`$JS.ACK.${info.stream_name}.${info.name}.1.${sequence}.${delivery}.0.0`, "+ACK");
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
