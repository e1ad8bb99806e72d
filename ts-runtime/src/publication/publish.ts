// publish: which events of an entity become messages of a topic, and how.
import type {
  DescMessage,
  DescMethod,
  DescService,
  Message,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { topicDescriptor, type TopicDescriptor, type TopicMethod } from "../descriptor/index.ts";
import { checkEventHandlers, type Entity, type EventCaseOf, type EventOf } from "../entity/index.ts";

/** What a handler knows beside the event. */
export interface PublicationContext<State> {
  readonly entityId: string;
  /** The event's. */
  readonly revision: bigint;
  /** The entity's state right after the event, however late it is published. */
  readonly state: State;
  /** When the event was persisted. */
  readonly time: Date;
}

/** Makes a message of an event; `undefined` skips it. */
type PublicationHandler<Event, State, M extends DescMessage> = (
  event: Event,
  context: PublicationContext<State>,
) => MessageInitShape<M> | undefined;

/** Handlers for some of the event's cases; events of the others are skipped. One that is upcast never comes. */
export type PublicationHandlers<
  State extends DescMessage,
  Event extends DescMessage,
  M extends DescMessage,
  Upcast extends string = never,
> = {
  readonly [K in Exclude<EventCaseOf<Event>, Upcast>]?: PublicationHandler<
    Extract<EventOf<Event>, { case: K }>["value"],
    MessageShape<State>,
    M
  >;
};

export interface PublicationOptions {
  /** Headers of the service's own for a message (T3). Default: none. */
  readonly headers?: (
    message: Message,
    context: PublicationContext<Message>,
  ) => Readonly<Record<string, string>>;
}

/** A topic and where its messages come from; give it to `startService`. */
export interface Publication {
  readonly method: DescMethod;
  readonly topic: TopicDescriptor;
  readonly entity: Entity;
  readonly handlers: ReadonlyMap<string, PublicationHandler<Message, Message, DescMessage>>;
  readonly headers: PublicationOptions["headers"] | undefined;
}

/**
 * Defines what an entity publishes: `publish(CartTopics.method.checkedOut, cart, { checkedOut: (event, { entityId,
 * state }) => ({ cartId: entityId, items: state.items }) })`.
 *
 * Messages are published in the order of the journal, at least once, each with an id that stays the same (T1).
 * @throws SAMSPEL_INVALID_CONFIGURATION for a method that is no topic, and for a handler of no event.
 */
export function publish<
  M extends DescMessage,
  S extends DescService,
  State extends DescMessage,
  Event extends DescMessage,
  Upcast extends string = never,
>(
  method: TopicMethod<M>,
  entity: Entity<S, State, Event, Upcast>,
  handlers: PublicationHandlers<State, Event, M, NoInfer<Upcast>>,
  options: PublicationOptions = {},
): Publication {
  const topic = topicDescriptor(method);
  checkEventHandlers(`publication ${topic.name}`, entity, handlers);
  return {
    method,
    topic,
    entity,
    handlers: new Map(Object.entries(handlers)) as unknown as Publication["handlers"],
    headers: options.headers,
  };
}
