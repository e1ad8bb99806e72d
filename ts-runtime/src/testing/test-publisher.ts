// Publishing as a test does: to any topic, in the place of the service that owns it.
import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import type { TopicMethod } from "../descriptor/index.ts";
import { createTopicPublisher, type TopicPublisherOptions } from "../publisher/index.ts";

export type TestPublisherOptions = Omit<TopicPublisherOptions, "name">;

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
export function createTestPublisher(options: TestPublisherOptions): TestPublisher {
  const publisher = createTopicPublisher({ ...options, name: "test" });
  return {
    publish: async (topic, message, options) => (await publisher.publish(topic, message, options)).id,
    [Symbol.asyncDispose]: () => publisher[Symbol.asyncDispose](),
  };
}
