// subscribe: what a service does with the messages of a topic.
import type { DescMessage, Message, MessageShape } from "@bufbuild/protobuf";
import { topicDescriptor, type TopicDescriptor, type TopicMethod } from "../descriptor/index.ts";
import { invalidConfiguration } from "../errors/index.ts";
import type { BackoffOptions } from "../resilience/index.ts";
import type { TopicHeaders } from "./headers.ts";

/** What a handler knows beside the message. */
export interface MessageContext {
  /** The key: messages of one key come in order, one at a time. */
  readonly key: string;
  /** The message's id; the same when it is delivered again. */
  readonly id: string;
  /** By name in lower case: CloudEvents attributes, `traceparent`, and the publisher's own. */
  readonly headers: TopicHeaders;
  /** When the event happened. */
  readonly time: Date;
  /** 1 at first, and one more at each delivery. */
  readonly attempt: number;
  /** Aborts when the service cannot wait for the handler any longer. */
  readonly signal: AbortSignal;
}

/** Handles a message; it is done when this returns, and delivered again when it throws. */
type MessageHandler<M> = (message: M, context: MessageContext) => void | Promise<void>;

/** How often a message is tried, and when. */
interface RetryOptions extends BackoffOptions {
  /**
   * After so many attempts the message is exhausted. Default 8: with the default delays that is after 11.3 s at the most,
   * 0.1 + 0.2 + 0.4 + 0.8 + 1.6 + 3.2 + 5, and the time of the handler.
   */
  readonly maxAttempts?: number;
}

/** What becomes of a message that is exhausted: parked, tried for ever while its partition waits, or dropped. */
type ExhaustedPolicy = "dead-letter" | "block" | "skip";

export interface SubscribeOptions<M> {
  /** Who handles: each group gets every message once, on one of its instances. Letters, digits, `_` and `-`. */
  readonly group: string;
  readonly handler: MessageHandler<M>;
  readonly retry?: RetryOptions;
  /** Default `dead-letter`. */
  readonly onExhausted?: ExhaustedPolicy;
}

/** A named consumer group of a topic, and its handler; give it to `startService`. */
export interface Subscription {
  readonly topic: TopicDescriptor;
  readonly group: string;
  readonly handler: MessageHandler<Message>;
  readonly maxAttempts: number;
  readonly backoff: BackoffOptions;
  readonly onExhausted: ExhaustedPolicy;
}

const groupPattern = /^[A-Za-z0-9_-]{1,64}$/;
const defaultMaxAttempts = 8;

/**
 * Defines a subscription: `subscribe(CartTopics.method.checkedOut, { group: "inventory", handler: … })`.
 *
 * Messages of one key are handled in order, on any number of instances (T2): one message of a partition at a time. A
 * message whose handler throws is tried again with backoff while its partition waits; an exhausted one is parked as
 * a dead letter, and its key goes on.
 * @throws SAMSPEL_INVALID_CONFIGURATION for a method that is no topic, and for a group without a usable name.
 */
export function subscribe<M extends DescMessage>(
  method: TopicMethod<M>,
  options: SubscribeOptions<MessageShape<M>>,
): Subscription {
  const topic = topicDescriptor(method);
  const { group, handler, onExhausted = "dead-letter" } = options;
  const { maxAttempts = defaultMaxAttempts, ...backoff } = options.retry ?? {};
  if (!groupPattern.test(group)) {
    throw invalidConfiguration(
      `Group of a subscription to ${topic.name} must be of letters, digits, "_" and "-", at most 64: current value is "${group}"`,
    );
  }
  if (!Number.isInteger(maxAttempts) || maxAttempts < 1) {
    throw invalidConfiguration(
      `retry.maxAttempts of subscription ${group} to ${topic.name} must be a positive integer: current value is ${maxAttempts}`,
    );
  }
  return {
    topic,
    group,
    handler: handler as MessageHandler<Message>,
    maxAttempts,
    backoff,
    onExhausted,
  };
}
