// Where the events of a projection come from: one entity, or several.
import type { DescMessage, DescService } from "@bufbuild/protobuf";
import type { Entity, EventCaseOf, EventOf } from "../entity/index.ts";
import type { EventOrigin, ProjectionContext } from "./context.ts";

/** Handles one event, in the projection's transaction. */
type ProjectionHandler<Event, Change extends DescMessage> = (
  event: Event,
  context: ProjectionContext<Change>,
) => void | Promise<unknown>;

/** Handlers for some of the event's cases; the checkpoint moves over the others. One that is upcast never comes. */
export type ProjectionHandlers<
  Event extends DescMessage,
  Upcast extends string,
  Change extends DescMessage,
> = {
  readonly [K in Exclude<EventCaseOf<Event>, Upcast>]?: ProjectionHandler<
    Extract<EventOf<Event>, { case: K }>["value"],
    Change
  >;
};

/** An event of a batch: its case and value, and where it comes from. */
export type ProjectedEvent<Event extends DescMessage, Upcast extends string> = Exclude<
  EventOf<Event>,
  { case: Upcast }
> &
  EventOrigin;

type Untyped = Readonly<Record<string, ProjectionHandler<never, never> | undefined>>;

/** An entity whose events a projection takes; `Projected` is what its batches hold of it. */
export interface ProjectionSource<Projected = unknown> {
  readonly entity: Entity;
  /** By the case of the event; undefined for a projection that takes whole pages. */
  readonly handlers: Untyped | undefined;
  /** For the compiler only. */
  readonly projected?: Projected;
}

/** A source that has handlers. */
export interface HandledSource extends ProjectionSource {
  readonly handlers: Untyped;
}

/**
 * One of several entities of a projection: `project("sales", [on(cart, { checkedOut: … }), on(order, { paid: … })],
 * { setup })`; without handlers where the projection takes whole pages.
 */
export function on<
  S extends DescService,
  State extends DescMessage,
  Event extends DescMessage,
  Upcast extends string = never,
>(
  entity: Entity<S, State, Event, Upcast>,
  handlers: ProjectionHandlers<Event, NoInfer<Upcast>, DescMessage>,
): HandledSource;
export function on<
  S extends DescService,
  State extends DescMessage,
  Event extends DescMessage,
  Upcast extends string = never,
>(entity: Entity<S, State, Event, Upcast>): ProjectionSource<ProjectedEvent<Event, Upcast>>;
export function on(entity: Entity, handlers?: Untyped): ProjectionSource {
  return { entity, handlers };
}
