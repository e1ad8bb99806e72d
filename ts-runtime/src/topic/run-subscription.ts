// Runs a subscription: what a group does with the messages of a topic (T2).
import { fromBinary, type Message } from "@bufbuild/protobuf";
import { keyOf } from "../descriptor/index.ts";
import type { Logger } from "../telemetry/index.ts";
import type { Broker } from "./broker.ts";
import { runConsumer, type Delivery } from "./consume/index.ts";
import { ensureStream, partitionSubject, streamName } from "./stream.ts";
import type { MessageContext, Subscription } from "./subscribe.ts";
import type { TopicHeaders } from "./headers.ts";

export interface RunSubscriptionOptions {
  readonly subscription: Subscription;
  readonly broker: Broker;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** How long running handlers may go on after the stop. Default 25,000 ms. */
  readonly graceMs?: number;
}

/**
 * Runs a subscription, on as many instances at once as there are, until `signal` aborts; then resolves when its
 * handlers are done.
 * @throws SAMSPEL_INVALID_CONFIGURATION where the topic has another number of partitions.
 */
export async function runSubscription(options: RunSubscriptionOptions): Promise<void> {
  const { subscription, broker, logger, signal } = options;
  const { topic, group, handler } = subscription;
  await runConsumer<Message>({
    broker,
    logger,
    signal,
    ...(options.graceMs === undefined ? {} : { graceMs: options.graceMs }),
    stream: streamName(broker.prefix, topic),
    ensureStream: () => ensureStream(broker, topic),
    name: topic.name,
    partitions: topic.partitions,
    subject: (partition) => partitionSubject(broker.prefix, topic, partition),
    group,
    open: ({ data }) => {
      const value = decode(subscription, data);
      return { key: keyOf(topic.keyField, value), value };
    },
    work: { type: "single", handle: (message, delivery) => handler(message, new Context(delivery)) },
    retry: { maxAttempts: subscription.maxAttempts, ...subscription.backoff },
    onExhausted: subscription.onExhausted,
  });
}

function decode({ topic }: Subscription, data: Uint8Array): Message {
  try {
    return fromBinary(topic.message, data);
  } catch (error) {
    throw new Error(`Cannot decode a ${topic.message.typeName} of topic ${topic.name}`, { cause: error });
  }
}

/** What is asked for is read; the rest costs nothing. */
class Context implements MessageContext {
  readonly #delivery: Delivery;

  constructor(delivery: Delivery) {
    this.#delivery = delivery;
  }

  get key(): string {
    return this.#delivery.key;
  }

  get id(): string {
    const { headers, stream, sequence } = this.#delivery.message;
    return headers.get("ce-id") ?? headers.get("nats-msg-id") ?? `${stream}/${sequence}`;
  }

  get headers(): TopicHeaders {
    return this.#delivery.message.headers;
  }

  get time(): Date {
    const time = new Date(this.headers.get("ce-time") ?? Number.NaN);
    return Number.isNaN(time.getTime()) ? this.#delivery.message.storedAt : time;
  }

  get attempt(): number {
    return this.#delivery.attempt;
  }

  get signal(): AbortSignal {
    return this.#delivery.signal;
  }
}
