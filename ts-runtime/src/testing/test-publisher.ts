// Publishing as a test does: to any topic, in the place of the service that owns it.
import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { topicDescriptor, type TopicMethod } from "../descriptor/index.ts";
import { createTopicSenders } from "../outbox/index.ts";
import { createLogger } from "../telemetry/index.ts";
import { openBroker, type Broker } from "../topic/index.ts";

export interface TestPublisherOptions {
  /** NATS with JetStream. */
  readonly natsUrl: string;
  /** Stands before the names of streams and subjects. */
  readonly topicPrefix: string;
}

export interface TestPublishOptions {
  /** What JetStream and subscribers know the message again by. Default: a random one. */
  readonly id?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** How long to try. Default 10,000 ms. */
  readonly timeoutMs?: number;
}

/** Publishes to topics of any service. */
export interface TestPublisher extends AsyncDisposable {
  /** Resolves with the message's id, when it is stored. @throws as `context.topic(method).publish` of a service does. */
  publish<M extends DescMessage>(
    this: void,
    topic: TopicMethod<M>,
    message: MessageInitShape<M>,
    options?: TestPublishOptions,
  ): Promise<string>;
}

/** Creates a publisher; it connects when it first publishes. */
export function createTestPublisher({ natsUrl, topicPrefix }: TestPublisherOptions): TestPublisher {
  const name = "test";
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
  return {
    async publish(topic, message, options) {
      opening ??= openBroker({
        url: natsUrl,
        prefix: topicPrefix,
        name,
        logger: createLogger({ service: name, level: "silent" }),
      });
      try {
        broker = await opening;
      } catch (error) {
        opening = undefined;
        throw error;
      }
      known.add(topicDescriptor(topic).name);
      return senders.topic(topic).publish(message, options);
    },
    async [Symbol.asyncDispose]() {
      senders[Symbol.dispose]();
      const opened = await opening?.catch(() => undefined);
      broker = undefined;
      await opened?.close();
    },
  };
}
