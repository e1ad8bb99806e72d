// publish: which events of which entities become messages of a topic, and how.
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
import { invalidConfiguration } from "../errors/index.ts";

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

/** Makes a message of an event, or several; `undefined` skips it. */
type PublicationHandler<Event, State, M extends DescMessage> = (
  event: Event,
  context: PublicationContext<State>,
) => MessageInitShape<M> | readonly MessageInitShape<M>[] | undefined;

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

/**
 * What is kept in order, and who publishes:
 *
 * - `key` (default): the messages of each key. Each message's key is its entity's id, so the instances share the work.
 * - `entity`: the messages of each entity; their keys are free, and messages of one key from two entities may come in
 *   either order. The instances share the work.
 * - `journal`: the messages of each key, whatever entities they come from, in the order of the journal. One instance at a
 *   time publishes.
 */
type PublicationOrder = "key" | "entity" | "journal";

export interface PublicationOptions {
  /** Headers of the service's own for a message (T3). Default: none. */
  readonly headers?: (
    message: Message,
    context: PublicationContext<Message>,
  ) => Readonly<Record<string, string>>;
  /** Default `key`. A change of it wants a stop of all instances that have the old one. */
  readonly order?: PublicationOrder;
  /**
   * What becomes of an event whose handler throws, or whose message is too large for the server or its stream. `block`:
   * its range waits, with an error in the log, until a version is deployed that can publish it. `skip`: it is left out,
   * with an error in the log. Default `block`.
   */
  readonly onFailure?: "block" | "skip";
}

/** An entity, and what of its events is published. */
export interface PublicationSource {
  readonly entity: Entity;
  readonly handlers: ReadonlyMap<string, PublicationHandler<Message, Message, DescMessage>>;
}

/** A source for a topic of such messages: see `from`. */
export interface SourceOf<M extends DescMessage> extends PublicationSource {
  /** For the compiler alone. */
  readonly message?: M;
}

/** A topic and where its messages come from; give it to `startService`. */
export interface Publication {
  readonly method: DescMethod;
  readonly topic: TopicDescriptor;
  /** By the name of the entity. */
  readonly sources: ReadonlyMap<string, PublicationSource>;
  readonly headers: PublicationOptions["headers"] | undefined;
  readonly order: PublicationOrder;
  readonly onFailure: "block" | "skip";
}

/** One of several sources of a publication: `publish(method, [from(cart, { … }), from(order, { … })])`. */
export function from<
  M extends DescMessage,
  S extends DescService,
  State extends DescMessage,
  Event extends DescMessage,
  Upcast extends string = never,
>(
  entity: Entity<S, State, Event, Upcast>,
  handlers: PublicationHandlers<State, Event, M, NoInfer<Upcast>>,
): SourceOf<M> {
  return sourceOf(entity, handlers);
}

/**
 * Defines what entities publish: `publish(CartTopics.method.checkedOut, cart, { checkedOut: (event, { entityId, state })
 * => ({ cartId: entityId, items: state.items }) })`.
 *
 * Messages of one key are published in the order of the journal, at least once, each with an id that stays the same
 * (T1): `<entity>/<id>/<revision>`, with `/<n>` behind it for the second (n = 1) and later ones of an event.
 * @throws SAMSPEL_INVALID_CONFIGURATION for a method that is no topic, a handler of no event, and an entity that is there
 *   twice.
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
  options?: PublicationOptions,
): Publication;
export function publish<M extends DescMessage>(
  method: TopicMethod<M>,
  sources: readonly SourceOf<NoInfer<M>>[],
  options?: PublicationOptions,
): Publication;
export function publish(
  method: TopicMethod,
  of: Entity | readonly PublicationSource[],
  ...rest: readonly (object | undefined)[]
): Publication {
  if (isSeveral(of)) return definePublication(method, of, rest[0]);
  const [handlers = {}, options] = rest;
  return definePublication(method, [sourceOf(of, handlers)], options);
}

function isSeveral(of: Entity | readonly PublicationSource[]): of is readonly PublicationSource[] {
  return Array.isArray(of);
}

function sourceOf(entity: Entity, handlers: object): PublicationSource {
  return { entity, handlers: new Map(Object.entries(handlers)) };
}

/** A topic that nothing but `context.topic(method).publish` publishes to; give it to `startService`. */
export function topic(method: TopicMethod): Publication {
  return definePublication(method, [], {});
}

function definePublication(
  method: TopicMethod,
  sources: readonly PublicationSource[],
  { headers, order = "key", onFailure = "block" }: PublicationOptions = {},
): Publication {
  const descriptor = topicDescriptor(method);
  const what = `publication ${descriptor.name}`;
  const byName = new Map<string, PublicationSource>();
  for (const source of sources) {
    const { entity, handlers } = source;
    checkEventHandlers(what, entity, Object.fromEntries(handlers));
    if (byName.has(entity.name))
      throw invalidConfiguration(`Entity ${entity.name} stands twice in ${what}: put its handlers together`);
    byName.set(entity.name, source);
  }
  return { method, topic: descriptor, sources: byName, headers, order, onFailure };
}

/** What the work of a publication is called: its leases, checkpoints and lanes. */
export function workName({ topic: { name } }: Pick<Publication, "topic">): string {
  return `publication:${name}`;
}
