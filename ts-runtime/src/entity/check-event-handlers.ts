// What reads an entity's events may handle some of their cases, but none that does not exist. The compiler says so to
// all but callers without types.
import type { DescMessage } from "@bufbuild/protobuf";
import { invalidConfiguration } from "../errors/index.ts";
import { eventOneof } from "./event-oneof.ts";

/**
 * Refuses handlers of cases that the event message lacks; `what` is who handles, such as "projection sales".
 * @throws SAMSPEL_INVALID_CONFIGURATION that names the case and those that there are.
 */
export function checkEventHandlers(
  what: string,
  event: DescMessage,
  handlers: Readonly<Record<string, unknown>>,
): void {
  const cases = eventOneof(event).fields.map((field) => field.localName);
  const unknown = Object.keys(handlers).find((name) => !cases.includes(name));
  if (unknown === undefined) return;
  throw invalidConfiguration(
    `Unknown event handler of ${what}: ${unknown}; ${event.typeName} has ${cases.join(", ")}`,
  );
}
