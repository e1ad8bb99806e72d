// Publishing to live topics: a message goes to whoever listens at this moment.
import { randomUUID } from "node:crypto";
import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { encode } from "../codec/index.ts";
import { keyOf, liveTopicDescriptor, type AnyTopicMethod } from "../descriptor/index.ts";
import { SamspelError } from "../errors/index.ts";
import { activeTrace, traceHeadersOf } from "../telemetry/index.ts";
import { makeHeaders, type Broker } from "../topic/index.ts";
import { liveSubject } from "./live-message.ts";
import { createLiveMetrics } from "./live-metrics.ts";

interface PublishLiveOptions {
  /** The message's id. Default: a random one. */
  readonly id?: string;
  /** Headers of the service's own (T3). Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Publishes to one live topic. */
export interface LivePublisher<M extends DescMessage> {
  /**
   * Hands a message to NATS. Nobody acks it: it may be lost, and is dropped at once while NATS is away, as it would be
   * stale later.
   * @throws SAMSPEL_INVALID_REQUEST for a message that is larger than NATS takes.
   */
  publish(message: MessageInitShape<M>, options?: PublishLiveOptions): void;
}

/**
 * Makes the publisher of a live topic; `service` is who publishes.
 * @throws SAMSPEL_INVALID_CONFIGURATION for a method that is no live topic.
 */
export function livePublisher<M extends DescMessage>(
  broker: Broker,
  method: AnyTopicMethod<M>,
  service: string,
): LivePublisher<M> {
  const topic = liveTopicDescriptor(method);
  const subject = liveSubject(broker.prefix, topic);
  const metrics = createLiveMetrics(topic.name);
  return {
    publish(init, { id = randomUUID(), headers } = {}) {
      const message = create(method.output, init);
      const body = encode(method.output, message);
      if (!broker.isConnected) return metrics.dropped("away");
      const limit = broker.connection.info?.max_payload ?? Infinity;
      if (body.length > limit) {
        throw new SamspelError(
          "SAMSPEL_INVALID_REQUEST",
          `A message of topic ${topic.name} must have at most ${limit} bytes, as NATS takes no larger ones: it has ${body.length}`,
        );
      }
      const active = activeTrace();
      broker.connection.publish(subject, body, {
        headers: makeHeaders(
          {
            id,
            service,
            type: topic.message.typeName,
            time: new Date(),
            key: topic.keyField === undefined ? "" : keyOf(topic.keyField, message),
          },
          active === undefined ? headers : { ...traceHeadersOf(active), ...headers },
        ),
      });
      metrics.published();
    },
  };
}
