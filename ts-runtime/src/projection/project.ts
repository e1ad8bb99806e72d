// project: a read model that is kept from the events of one entity or several, in tables of the service's own.
import type { DescMessage, DescService } from "@bufbuild/protobuf";
import { checkEventHandlers, type Entity } from "../entity/index.ts";
import { invalidConfiguration } from "../errors/index.ts";
import type { BackoffOptions } from "../resilience/index.ts";
import { applyByBatch, applyByCase } from "./apply.ts";
import type { ProjectionScope } from "./context.ts";
import type {
  ChangeLog,
  ChangingProjection,
  OnFailure,
  Projection,
  ReadModelDatabase,
  Setup,
} from "./projection.ts";
import type { HandledSource, ProjectedEvent, ProjectionHandlers, ProjectionSource } from "./source.ts";

/** Handles all events of a page at once: ten times as fast, with one statement for many rows. */
type BatchHandler<Projected, Change extends DescMessage> = (
  events: readonly Projected[],
  context: ProjectionScope<Change>,
) => void | Promise<unknown>;

/** How often an event is tried before `onFailure`. */
interface ProjectionRetryOptions extends BackoffOptions {
  /** Default 5: with the default delays, parked within 1.5 s. */
  readonly maxAttempts?: number;
}

interface ProjectionBasis<Change extends DescMessage> {
  /**
   * Makes the tables, once for each build and before any event. A build beside the serving one makes them in a schema of
   * its own, so name them without one.
   */
  readonly setup?: Setup;
  /** 1, 2, 3 …: a higher one builds the projection anew. Default 1. */
  readonly version?: number;
  /**
   * How a higher version is built. `beside`: into tables of its own, while the old ones serve, and swapped when it has
   * caught up. `in-place`: from now on, in the same tables, which `setup` has to empty. Default `beside`, and
   * `in-place` without a `setup`.
   */
  readonly rebuild?: "beside" | "in-place";
  /**
   * `entity`: each entity's events are in order, and the work is shared over all instances. `journal`: all events are,
   * in the journal's one order, on one instance at a time. Fixed for a version. Default `entity`.
   */
  readonly order?: "entity" | "journal";
  readonly retry?: ProjectionRetryOptions;
  /** What becomes of an event whose handler keeps failing. Default `park`. */
  readonly onFailure?: OnFailure;
  /** Where the tables are. Default: the service's own database and schema. */
  readonly database?: ReadModelDatabase;
  /** The message that `context.change` tells, and how long it is kept. Default: 1 hour, and 100,000 changes. */
  readonly changes?:
    | Change
    | { readonly message: Change; readonly keepForMs?: number; readonly keepCount?: number };
}

/** One of the two: handlers by case, or a handler of whole pages. */
export type ProjectionDefinition<
  Event extends DescMessage,
  Upcast extends string = never,
  Change extends DescMessage = never,
> = ProjectionBasis<Change> &
  (
    | { readonly events: ProjectionHandlers<Event, Upcast, Change>; readonly batch?: never }
    | { readonly batch: BatchHandler<ProjectedEvent<Event, Upcast>, Change>; readonly events?: never }
  );

/** What a batch of these sources holds: one event of any of them. */
type ProjectedOf<Sources extends readonly ProjectionSource[]> = NonNullable<Sources[number]["projected"]>;

/** The definition of a projection of several entities that takes whole pages. */
type BatchDefinition<Projected, Change extends DescMessage> = ProjectionBasis<Change> & {
  readonly batch: BatchHandler<Projected, Change>;
  readonly events?: never;
};

/** The definition of a projection of several entities whose sources have handlers. */
type SourcesDefinition<Change extends DescMessage> = ProjectionBasis<Change> & {
  readonly batch?: never;
  readonly events?: never;
};

type Defined<Change extends DescMessage> = [Change] extends [never] ? Projection : ChangingProjection<Change>;

const namePattern = /^[a-z][a-z0-9-]{0,62}$/;
const defaultMaxAttempts = 5;
const oneHourMs = 60 * 60 * 1_000;

/**
 * Defines a projection: `project("sales", cart, { setup: (sql) => sql`create table …`, events: { itemAdded: (event,
 * { sql }) => sql`insert …` } })`; of several entities: `project("sales", [on(cart, { … }), on(order, { … })], {
 * setup })`.
 *
 * Writes and checkpoint are one transaction: exactly once in effect (T4). An event whose handler keeps failing is
 * parked, and the others go on.
 * @throws SAMSPEL_INVALID_CONFIGURATION for a name or version that cannot be, and for a handler of no event.
 */
export function project<
  S extends DescService,
  State extends DescMessage,
  Event extends DescMessage,
  Upcast extends string = never,
  Change extends DescMessage = never,
>(
  name: string,
  source: Entity<S, State, Event, Upcast>,
  definition: ProjectionDefinition<Event, NoInfer<Upcast>, NoInfer<Change>> & ProjectionBasis<Change>,
): Defined<Change>;
export function project<Change extends DescMessage = never>(
  name: string,
  sources: readonly HandledSource[],
  definition: SourcesDefinition<Change>,
): Defined<Change>;
export function project<
  const Sources extends readonly ProjectionSource[],
  Change extends DescMessage = never,
>(
  name: string,
  sources: Sources,
  definition: BatchDefinition<ProjectedOf<Sources>, NoInfer<Change>> & ProjectionBasis<Change>,
): Defined<Change>;
export function project(
  name: string,
  from: Entity | readonly ProjectionSource[],
  definition: ProjectionBasis<DescMessage> & { readonly events?: object; readonly batch?: unknown },
): Projection {
  const { setup, version = 1, order = "entity", onFailure = "park", database } = definition;
  const { maxAttempts = defaultMaxAttempts, ...backoff } = definition.retry ?? {};
  const rebuild = definition.rebuild ?? (setup === undefined ? "in-place" : "beside");
  const changes = changeLogOf(definition.changes);
  requireNames(name, {
    version,
    "retry.maxAttempts": maxAttempts,
    ...(changes && { "changes.keepForMs": changes.keepForMs, "changes.keepCount": changes.keepCount }),
  });
  if (rebuild === "beside" && setup === undefined) {
    throw invalidConfiguration(
      `Projection ${name} cannot be rebuilt beside its tables as it has no setup that would make others: add one, or set rebuild to "in-place"`,
    );
  }
  const sources = sourcesOf(name, from, definition.events);
  const entities = sources.map(({ entity }) => entity);
  return {
    name,
    version,
    entities,
    entityTypes: entities.map((entity) => entity.name),
    setup,
    rebuild,
    order,
    onFailure,
    database,
    changes,
    apply: definition.batch === undefined ? applyByCase(sources) : applyByBatch(definition.batch),
    maxAttempts,
    backoff,
  };
}

function requireNames(name: string, positive: Readonly<Record<string, number>>): void {
  if (!namePattern.test(name)) {
    throw invalidConfiguration(
      `Projection name must be lower-case letters, digits and "-", at most 63: current value is "${name}"`,
    );
  }
  for (const [setting, value] of Object.entries(positive)) {
    if (!Number.isInteger(value) || value < 1) {
      throw invalidConfiguration(
        `${setting} of projection ${name} must be a positive integer: current value is ${value}`,
      );
    }
  }
}

function changeLogOf(changes: ProjectionBasis<DescMessage>["changes"]): ChangeLog | undefined {
  if (changes === undefined) return undefined;
  const {
    message,
    keepForMs = oneHourMs,
    keepCount = 100_000,
  } = "message" in changes ? changes : { message: changes };
  return { message, keepForMs, keepCount };
}

function sourcesOf(
  name: string,
  from: Entity | readonly ProjectionSource[],
  events: object | undefined,
): readonly ProjectionSource[] {
  const sources = isList(from) ? from : [{ entity: from, handlers: events as ProjectionSource["handlers"] }];
  if (sources.length === 0)
    throw invalidConfiguration(`Projection ${name} needs an entity: its list is empty`);
  const names = sources.map(({ entity }) => entity.name);
  const twice = names.find((entity, index) => names.indexOf(entity) !== index);
  if (twice !== undefined) {
    throw invalidConfiguration(`Projection ${name} has entity ${twice} twice: put its handlers together`);
  }
  for (const { entity, handlers } of sources) {
    if (handlers !== undefined) checkEventHandlers(`projection ${name}`, entity, handlers);
  }
  return sources;
}

function isList(from: Entity | readonly ProjectionSource[]): from is readonly ProjectionSource[] {
  return Array.isArray(from);
}
