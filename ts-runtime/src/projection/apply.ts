// Running a projection's handlers over events that are in order.
//
// A handler that gives back its one statement, `(event, { sql }) => sql`…``, is not waited for before the next one
// runs: the connection keeps the order, and the statements of a page travel together.
import type { AnyProjectedEvent, AnyScope } from "./context.ts";
import type { Projection } from "./projection.ts";
import type { ProjectionSource } from "./source.ts";

type AnyHandler = (event: unknown, context: object) => unknown;
type AnyBatch = (events: readonly AnyProjectedEvent[], scope: AnyScope) => unknown;

/** How many statements are on their way at most. */
const maxInFlight = 64;

/** Handlers by entity and case. */
export function applyByCase(sources: readonly ProjectionSource[]): Projection["apply"] {
  const handlers = new Map(
    sources.map(({ entity, handlers }) => [
      entity.name,
      new Map(Object.entries(handlers ?? {}) as [string, AnyHandler][]),
    ]),
  );
  return async (events, scope) => {
    const inFlight: PromiseLike<unknown>[] = [];
    try {
      for (const event of events) {
        const handler = handlers.get(event.entityType)?.get(event.case);
        if (handler === undefined) continue;
        const { entityType, entityId, revision, time } = event;
        const running = handler(event.value, { ...scope, entityType, entityId, revision, time });
        if (!isThenable(running)) continue;
        if (!isStatement(running)) {
          await running;
          continue;
        }
        inFlight.push(send(running));
        if (inFlight.length >= maxInFlight) await Promise.all(inFlight.splice(0));
      }
    } catch (error) {
      // What failed first is the cause: what came behind it failed as the transaction had.
      await Promise.all(inFlight);
      throw error;
    }
    await Promise.all(inFlight);
  };
}

/** One handler for whole pages. */
export function applyByBatch(batch: unknown): Projection["apply"] {
  return async (events, scope) => {
    await (batch as AnyBatch)(events, scope);
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** A statement of the driver, which it sends when it is first waited for. */
function isStatement(value: PromiseLike<unknown>): value is Promise<unknown> {
  return value instanceof Promise && "execute" in value && typeof value.execute === "function";
}

function send(statement: Promise<unknown>): Promise<unknown> {
  const sent = statement.then((rows) => rows);
  sent.catch(() => {}); // told by whoever waits for it
  return sent;
}
