// What remains of an entity's stored events once it is forgotten: `forget` of `defineEntity`.
//
// Invariants:
//   F1. An event keeps its case: what was stored as one kind of event is that kind of event or nothing.
//   F2. Fields that this version does not know do not survive a handler: who wrote them is not asked what they hold.
import { fromBinary, toBinary, type DescMessage, type DescOneof } from "@bufbuild/protobuf";
import { SamspelError } from "../errors/index.ts";
import { checkEventHandlers } from "./check-event-handlers.ts";
import { eventCase } from "./event-oneof.ts";
import { toMessage } from "./to-message.ts";
import type { EventInit, EventOf } from "./types.ts";

/** For cases that hold personal data, what remains of an event; `undefined` erases it. Others stay as they are. */
type ForgetHandlers<Event extends DescMessage> = {
  readonly [K in EventOf<Event>["case"]]?: (
    event: Extract<EventOf<Event>, { case: K }>["value"],
  ) => Extract<EventInit<Event>, { case: K; value: unknown }>["value"] | undefined;
};

/** What forgetting leaves of an entity: by case, or nothing of any event. */
export type ForgetPolicy<Event extends DescMessage = DescMessage> = ForgetHandlers<Event> | "everything";

/** What remains of a stored event, in bytes: none where it is erased. "nothing" where that holds for each of them. */
export type Remains = ((payload: Uint8Array) => Uint8Array) | "nothing";

type Handlers = Readonly<Record<string, ((event: object) => object | undefined) | undefined>>;

const erased = new Uint8Array();

/**
 * Makes the function that rewrites stored events.
 * @throws SAMSPEL_INVALID_CONFIGURATION for a handler of a case that there is not.
 */
export function createRemains(
  name: string,
  oneof: DescOneof,
  policy: ForgetPolicy | undefined,
): Remains | undefined {
  if (policy === undefined) return undefined;
  if (policy === "everything") return "nothing";
  const event = oneof.parent;
  // As stored: also cases that are upcast when they are read.
  checkEventHandlers(`forget of entity ${name}`, { name, event, upcasts: new Set() }, policy);
  const handlers = policy as Handlers;
  return (payload) => {
    if (payload.length === 0) return erased;
    const stored = eventCase(oneof, fromBinary(event, payload));
    if (stored === undefined) {
      throw new SamspelError(
        "SAMSPEL_EVENT_UNKNOWN",
        `Cannot forget an event of entity ${name}: ${event.typeName} has no case for it in this version of the service`,
      );
    }
    const handler = handlers[stored.case];
    if (handler === undefined) return payload;
    const value = handler(stored.value);
    if (value === undefined) return erased;
    if (typeof value !== "object" || value === null) {
      throw new TypeError(
        `Forget handler ${stored.case} of entity ${name} must return what remains of the event, or undefined`,
      );
    }
    return toBinary(event, toMessage(event, { [oneof.localName]: { case: stored.case, value } }));
  };
}
