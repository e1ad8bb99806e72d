// What reads an entity's events may handle some of their cases, but none that does not exist, and none that is upcast,
// as it never comes. The compiler says so to all but callers without types.
import { invalidConfiguration } from "../errors/index.ts";
import type { Entity } from "./entity.ts";
import { eventOneof } from "./event-oneof.ts";

/**
 * Refuses handlers of cases that never come; `what` is who handles, such as "projection sales".
 * @throws SAMSPEL_INVALID_CONFIGURATION that names the case and those that there are.
 */
export function checkEventHandlers(
  what: string,
  { name, event, upcasts }: Pick<Entity, "name" | "event" | "upcasts">,
  handlers: Readonly<Record<string, unknown>>,
): void {
  const cases = eventOneof(event)
    .fields.map((field) => field.localName)
    .filter((kind) => !upcasts.has(kind));
  const unknown = Object.keys(handlers).find((kind) => !cases.includes(kind));
  if (unknown === undefined) return;
  throw invalidConfiguration(
    upcasts.has(unknown)
      ? `Event handler ${unknown} of ${what} would never run, as entity ${name} upcasts it: handle what it becomes`
      : `Unknown event handler of ${what}: ${unknown}; ${event.typeName} has ${cases.join(", ")}`,
  );
}
