// project: a read model that is kept from an entity's events, in tables of the service's own.
import type { DescMessage, DescService, Message } from "@bufbuild/protobuf";
import { checkEventHandlers, type Entity, type EventCaseOf, type EventOf } from "../entity/index.ts";
import { invalidConfiguration } from "../errors/index.ts";
import type { TransactionSql } from "../postgres/index.ts";
import type { BackoffOptions } from "../resilience/index.ts";

/** What a handler knows beside the event. */
export interface ProjectionContext {
  /** The transaction: what is written with it is committed together with the checkpoint (T4). */
  readonly sql: TransactionSql;
  readonly entityId: string;
  /** The event's. */
  readonly revision: bigint;
  /** When the event was persisted. */
  readonly time: Date;
}

type ProjectionHandler<Event> = (event: Event, context: ProjectionContext) => void | Promise<unknown>;

/** Handlers for some of the event's cases; the checkpoint moves over the others. One that is upcast never comes. */
type ProjectionHandlers<Event extends DescMessage, Upcast extends string> = {
  readonly [K in Exclude<EventCaseOf<Event>, Upcast>]?: ProjectionHandler<
    Extract<EventOf<Event>, { case: K }>["value"]
  >;
};

/** An event of a batch: its case and value, and what a handler's context says. */
type ProjectedEvent<Event extends DescMessage, Upcast extends string> = Exclude<
  EventOf<Event>,
  { case: Upcast }
> &
  Omit<ProjectionContext, "sql">;

/** Handles all events of a page at once: ten times as fast, with one statement for many rows. */
type BatchHandler<Event extends DescMessage, Upcast extends string> = (
  events: readonly ProjectedEvent<Event, Upcast>[],
  context: Pick<ProjectionContext, "sql">,
) => void | Promise<unknown>;

/** How often an event is tried before it is parked. */
interface ProjectionRetryOptions extends BackoffOptions {
  /** Default 5: with the default delays, parked within 1.5 s. */
  readonly maxAttempts?: number;
}

interface ProjectionBasis {
  /**
   * Makes the tables, once per version and before any event. With a new version the projection begins anew with the
   * first event of all, so drop what the old version left.
   */
  readonly setup?: (sql: TransactionSql) => void | Promise<unknown>;
  /** 1, 2, 3 …: a higher one builds the projection anew. Default 1. */
  readonly version?: number;
  readonly retry?: ProjectionRetryOptions;
}

/** One of the two: handlers by case, or a handler of whole pages. */
export type ProjectionDefinition<Event extends DescMessage, Upcast extends string = never> = ProjectionBasis &
  (
    | { readonly events: ProjectionHandlers<Event, Upcast>; readonly batch?: never }
    | { readonly batch: BatchHandler<Event, Upcast>; readonly events?: never }
  );

/** An event of any entity, on its way to the handlers. */
export type AnyProjectedEvent = { readonly case: string; readonly value: Message } & Omit<
  ProjectionContext,
  "sql"
>;

/** A read model; give it to `startService`. */
export interface Projection {
  readonly name: string;
  readonly version: number;
  readonly source: Entity;
  readonly setup: ((sql: TransactionSql) => void | Promise<unknown>) | undefined;
  /** Handles events in order, in one transaction. */
  apply(events: readonly AnyProjectedEvent[], sql: TransactionSql): Promise<void>;
  readonly maxAttempts: number;
  readonly backoff: BackoffOptions;
}

const namePattern = /^[a-z][a-z0-9-]{0,62}$/;
const defaultMaxAttempts = 5;

/**
 * Defines a projection: `project("sales", cart, { setup: (sql) => sql`create table …`, events: { itemAdded: (event,
 * { sql }) => sql`insert …` } })`.
 *
 * Writes and checkpoint are one transaction: exactly once in effect (T4). An event whose handler keeps failing is
 * parked in the table `projection_failure`, and the others go on.
 * @throws SAMSPEL_INVALID_CONFIGURATION for a name or version that cannot be, and for a handler of no event.
 */
export function project<
  S extends DescService,
  State extends DescMessage,
  Event extends DescMessage,
  Upcast extends string = never,
>(
  name: string,
  source: Entity<S, State, Event, Upcast>,
  definition: ProjectionDefinition<Event, NoInfer<Upcast>>,
): Projection {
  const { setup, version = 1 } = definition;
  const { maxAttempts = defaultMaxAttempts, ...backoff } = definition.retry ?? {};
  if (!namePattern.test(name)) {
    throw invalidConfiguration(
      `Projection name must be lower-case letters, digits and "-", at most 63: current value is "${name}"`,
    );
  }
  for (const [setting, value] of Object.entries({ version, "retry.maxAttempts": maxAttempts })) {
    if (!Number.isInteger(value) || value < 1) {
      throw invalidConfiguration(
        `${setting} of projection ${name} must be a positive integer: current value is ${value}`,
      );
    }
  }
  if (definition.events !== undefined) {
    checkEventHandlers(`projection ${name}`, source, definition.events);
  }
  return { name, version, source, setup, apply: applyOf(definition), maxAttempts, backoff };
}

function applyOf<Event extends DescMessage, Upcast extends string>(
  definition: ProjectionDefinition<Event, Upcast>,
): Projection["apply"] {
  if (definition.batch !== undefined) {
    const batch = definition.batch as unknown as (
      events: readonly AnyProjectedEvent[],
      context: Pick<ProjectionContext, "sql">,
    ) => unknown;
    return async (events, sql) => {
      await batch(events, { sql });
    };
  }
  const handlers = definition.events as unknown as Readonly<Record<string, ProjectionHandler<Message>>>;
  return async (events, sql) => {
    for (const { case: kind, value, entityId, revision, time } of events) {
      await handlers[kind]?.(value, { sql, entityId, revision, time });
    }
  };
}
