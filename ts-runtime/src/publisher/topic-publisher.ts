// Publishes to topics of any service, in the place of the service that owns one: for tools and tests.
//
//   P1. A message is what `context.topic(method).publish` makes of it, and of a live topic `context.live(method).publish`:
//       the same subject, headers and id.
//   P2. It connects when it first publishes; a connection that could not be made is tried anew by the next message.
import { randomUUID } from "node:crypto";
import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import {
  isLiveTopic,
  keyOf,
  liveTopicDescriptor,
  partitionOf,
  topicDescriptor,
  type AnyTopicMethod,
} from "../descriptor/index.ts";
import { SamspelError } from "../errors/index.ts";
import { livePublisher } from "../live/index.ts";
import { createTopicSenders } from "../outbox/index.ts";
import { createLogger } from "../telemetry/index.ts";
import { openBroker, type Broker } from "../topic/index.ts";

export interface TopicPublisherOptions {
  /** NATS with JetStream. */
  readonly natsUrl: string;
  /** Stands before the names of streams and subjects. */
  readonly topicPrefix: string;
  /** As whom it publishes: what `ce-source` says. */
  readonly name: string;
}

export interface TopicPublishOptions {
  /** What JetStream and subscribers know the message again by. Default: a random one. */
  readonly id?: string | undefined;
  /** Headers of its own; they cannot replace those of CloudEvents. Default: none. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** How long to try; of a live topic it is sent once. Default 10,000 ms. */
  readonly timeoutMs?: number | undefined;
}

/** What became of a message. */
export interface PublishedMessage {
  readonly id: string;
  /** Empty in a live topic whose messages have none. */
  readonly key: string;
  /** Where it is stored; undefined in a live topic. */
  readonly partition: number | undefined;
}

/** Publishes to topics of any service. */
export interface TopicPublisher extends AsyncDisposable {
  /**
   * Resolves when the message is stored; of a live topic when NATS has it.
   *
   * @throws as `context.topic(method).publish` of a service does, and SAMSPEL_BROKER_UNREACHABLE for a live topic while
   * NATS is away.
   */
  publish<M extends DescMessage>(
    this: void,
    topic: AnyTopicMethod<M>,
    message: MessageInitShape<M>,
    options?: TopicPublishOptions,
  ): Promise<PublishedMessage>;
}

/** Creates a publisher. */
export function createTopicPublisher({ natsUrl, topicPrefix, name }: TopicPublisherOptions): TopicPublisher {
  const known = new Set<string>();
  let opening: Promise<Broker> | undefined;
  let broker: Broker | undefined;
  const senders = createTopicSenders({
    service: name,
    topics: known,
    broker() {
      if (broker === undefined) throw new TypeError("Cannot publish as the publisher is closed");
      return broker;
    },
  });

  const open = async (): Promise<Broker> => {
    opening ??= openBroker({
      url: natsUrl,
      prefix: topicPrefix,
      name,
      logger: createLogger({ service: name, level: "silent" }),
    });
    try {
      return (broker = await opening);
    } catch (error) {
      opening = undefined; // P2
      throw error;
    }
  };

  const publishLive = async <M extends DescMessage>(
    method: AnyTopicMethod<M>,
    init: MessageInitShape<M>,
    { id = randomUUID(), headers }: TopicPublishOptions,
  ): Promise<PublishedMessage> => {
    const topic = liveTopicDescriptor(method);
    const to = await open();
    if (!to.isConnected) {
      throw new SamspelError(
        "SAMSPEL_BROKER_UNREACHABLE",
        `Cannot publish to live topic ${topic.name} now: NATS is away, and nothing of it is kept`,
      );
    }
    livePublisher(to, method, name).publish(init, { id, ...(headers === undefined ? {} : { headers }) });
    await to.connection.flush();
    const key = topic.keyField === undefined ? "" : keyOf(topic.keyField, create(method.output, init));
    return { id, key, partition: undefined };
  };

  return {
    async publish(method, init, options = {}) {
      if (isLiveTopic(method)) return publishLive(method, init, options);
      const topic = topicDescriptor(method);
      await open();
      known.add(topic.name);
      const { id: asked, headers, timeoutMs } = options;
      const id = await senders.topic(method).publish(init, {
        ...(asked === undefined ? {} : { id: asked }),
        ...(headers === undefined ? {} : { headers }),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      });
      const key = keyOf(topic.keyField, create(method.output, init));
      return { id, key, partition: partitionOf(key, topic.partitions) };
    },
    async [Symbol.asyncDispose]() {
      senders[Symbol.dispose]();
      const opened = await opening?.catch(() => undefined);
      broker = undefined;
      await opened?.close();
    },
  };
}
