// subscribeLive: what a service does with the messages of a live topic.
import type { DescMessage, Message, MessageShape } from "@bufbuild/protobuf";
import { liveTopicDescriptor, type LiveTopicDescriptor, type TopicMethod } from "../descriptor/index.ts";
import { invalidConfiguration } from "../errors/index.ts";
import type { LiveContext } from "./live-message.ts";

/** Handles a message. When it throws, that is logged, and the message is gone. */
type LiveHandler<M> = (message: M, context: LiveContext) => void | Promise<void>;

/** Nothing is kept, so there is nothing to begin from, to try again, to park or to de-duplicate. */
export interface SubscribeLiveOptions<M> {
  /**
   * Who shares the messages: each goes to one instance of the group. Letters, digits, `_` and `-`. Default: every
   * instance of the service gets every message.
   */
  readonly group?: string;
  readonly handler: LiveHandler<M>;
  /** How many messages wait for the handler at most; the oldest are dropped for new ones. Default 1,024. */
  readonly maxBuffered?: number;
}

/** A handler of a live topic; give it to `startService`, among the subscriptions. */
export interface LiveSubscription {
  readonly type: "live";
  readonly topic: LiveTopicDescriptor;
  readonly group: string | undefined;
  readonly handler: LiveHandler<Message>;
  readonly maxBuffered: number;
}

const groupPattern = /^[A-Za-z0-9_-]{1,64}$/;
const defaultMaxBuffered = 1_024;

/**
 * Defines a subscription to a live topic: `subscribeLive(CartTopics.method.visitors, { handler: … })`.
 *
 * Messages come one at a time, in the order in which each publisher sent them, and only while the service runs and NATS
 * is there: what is lost on the way, and what a slow handler leaves waiting for too long, is gone. Gone messages are
 * counted in the metric `samspel.live.dropped`, where they are ours to count.
 * @throws SAMSPEL_INVALID_CONFIGURATION for a method that is no live topic, and for a group without a usable name.
 */
export function subscribeLive<M extends DescMessage>(
  method: TopicMethod<M>,
  options: SubscribeLiveOptions<MessageShape<M>>,
): LiveSubscription {
  const topic = liveTopicDescriptor(method);
  const { group, handler, maxBuffered = defaultMaxBuffered } = options;
  if (group !== undefined && !groupPattern.test(group)) {
    throw invalidConfiguration(
      `Group of a subscription to ${topic.name} must be of letters, digits, "_" and "-", at most 64: current value is "${group}"`,
    );
  }
  if (!Number.isInteger(maxBuffered) || maxBuffered < 1) {
    throw invalidConfiguration(
      `maxBuffered of a subscription to ${topic.name} must be a positive integer: current value is ${maxBuffered}`,
    );
  }
  return { type: "live", topic, group, handler: handler as LiveHandler<Message>, maxBuffered };
}
