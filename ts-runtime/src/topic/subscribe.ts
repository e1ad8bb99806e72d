// subscribe: what a service does with the messages of a topic.
import type { DescMessage, DescOneof, Message } from "@bufbuild/protobuf";
import { topicDescriptor, type TopicDescriptor, type TopicMethod } from "../descriptor/index.ts";
import { invalidConfiguration } from "../errors/index.ts";
import type { TransactionSql } from "../postgres/index.ts";
import { checkConsumer, type ConsumerOptions } from "./consume/index.ts";
import type { BatchedMessage, MessageContext, SubscribeOptions } from "./subscription-types.ts";

/** A context with its message, and the transaction of the inbox, where there is one. */
export type AnyContext = MessageContext & { readonly sql?: TransactionSql; readonly message: Message };

/** What handles the messages. */
export type SubscriptionWork =
  | { readonly type: "single"; readonly handle: (message: Message, context: AnyContext) => unknown }
  | {
      readonly type: "batch";
      readonly maxBatch: number;
      readonly handle: (
        messages: readonly BatchedMessage<Message>[],
        context: Pick<AnyContext, "signal" | "sql">,
      ) => unknown;
    };

/** What of a subscription its consumer is told. */
type SubscriptionSettings = Pick<
  ConsumerOptions<Message>,
  "retry" | "onExhausted" | "concurrency" | "mode" | "start" | "handlerTimeoutMs"
>;

/** A named consumer group of a topic, and its handler; give it to `startService`. */
export interface Subscription {
  readonly topic: TopicDescriptor;
  readonly group: string;
  readonly work: SubscriptionWork;
  /** Whether each message counts once, by a note in the transaction of its handler. */
  readonly inbox: boolean;
  /** How long the notes are kept. */
  readonly inboxRetentionMs: number;
  readonly settings: SubscriptionSettings;
}

const defaultMaxBatch = 100;
const defaultRetentionMs = 7 * 24 * 3_600_000;

/**
 * Defines a subscription: `subscribe(CartTopics.method.checkedOut, { group: "inventory", handler: … })`. In place of
 * `handler`, `on` has a handler for each case of a message with one oneof, and `batch` handles many messages at once.
 *
 * Messages of one key are handled in order, one at a time, on any number of instances (T2); different keys beside each
 * other. A message whose handler throws is tried again with backoff while its key waits; an exhausted one is parked as
 * a dead letter, and its key goes on.
 * @throws SAMSPEL_INVALID_CONFIGURATION for a method that is no topic, a group without a usable name, and settings that
 *   cannot be.
 */
export function subscribe<M extends DescMessage, const Inbox extends boolean = false>(
  method: TopicMethod<M>,
  options: SubscribeOptions<M, Inbox>,
): Subscription {
  const topic = topicDescriptor(method);
  const { group, inbox = false, retry, onExhausted, concurrency, mode, from, handlerTimeoutMs } = options;
  const work = workOf(topic, options as unknown as AnyHandlers & { readonly group: string });
  const settings: SubscriptionSettings = {
    ...(retry === undefined ? {} : { retry }),
    ...(onExhausted === undefined ? {} : { onExhausted }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(mode === undefined ? {} : { mode }),
    ...(from === undefined ? {} : { start: from }),
    ...(handlerTimeoutMs === undefined ? {} : { handlerTimeoutMs }),
  };
  checkConsumer({ ...settings, group, name: topic.name, work });
  if (inbox && mode === "at-most-once") {
    throw invalidConfiguration(
      `Subscription ${group} to ${topic.name} cannot be at-most-once and have an inbox: choose one`,
    );
  }
  const { inboxRetentionMs = defaultRetentionMs } = options;
  return { topic, group, work, inbox, inboxRetentionMs, settings };
}

/** The handlers, when their types have done their work. */
interface AnyHandlers {
  readonly handler?: (message: Message, context: AnyContext) => unknown;
  readonly on?: Readonly<Record<string, ((value: unknown, context: AnyContext) => unknown) | undefined>>;
  readonly batch?: (
    messages: readonly BatchedMessage<Message>[],
    context: Pick<AnyContext, "signal" | "sql">,
  ) => unknown;
  readonly maxBatch?: number;
}

function workOf(topic: TopicDescriptor, given: AnyHandlers & { readonly group: string }): SubscriptionWork {
  const { handler, on, batch, maxBatch = defaultMaxBatch, group } = given;
  const kinds = Object.entries({ handler, on, batch }).filter(([, value]) => value !== undefined);
  if (kinds.length !== 1) {
    throw invalidConfiguration(
      `Subscription ${group} to ${topic.name} needs one of handler, on and batch: it has ${kinds.map(([name]) => name).join(" and ") || "none"}`,
    );
  }
  if (batch !== undefined) return { type: "batch", maxBatch, handle: batch };
  if (handler !== undefined) return { type: "single", handle: handler };
  const handlers = on ?? {};
  const oneof = onlyOneof(topic, group);
  const known = new Set(oneof.fields.map((field) => field.localName));
  const stray = Object.keys(handlers).find((name) => !known.has(name));
  if (stray !== undefined) {
    throw invalidConfiguration(
      `Subscription ${group} to ${topic.name} has a handler for ${stray}, which is no case of ${oneof.parent.typeName}.${oneof.name}`,
    );
  }
  return {
    type: "single",
    handle(message, context) {
      const content: unknown = Reflect.get(message, oneof.localName);
      if (!isCase(content)) return undefined; // one that this version does not know
      return handlers[content.case]?.(content.value, context);
    },
  };
}

function onlyOneof({ message, name }: TopicDescriptor, group: string): DescOneof {
  const [oneof, second] = message.oneofs;
  if (oneof !== undefined && second === undefined) return oneof;
  throw invalidConfiguration(
    `Subscription ${group} to ${name} cannot choose by case: ${message.typeName} must have one oneof, and has ${message.oneofs.length}`,
  );
}

function isCase(content: unknown): content is { readonly case: string; readonly value: unknown } {
  return (
    typeof content === "object" && content !== null && "case" in content && typeof content.case === "string"
  );
}
