// The event message: exactly one oneof of messages, nothing beside it. Its field numbers are the identity of the
// stored events (J6), so a rename is free.
import type { DescMessage, DescOneof, Message } from "@bufbuild/protobuf";
import { invalidConfiguration, type SamspelError } from "../errors/index.ts";

/** An event taken out of its message: the case and its value. */
export interface EventCase {
  readonly case: string;
  readonly value: Message;
}

/**
 * The oneof of an event message.
 * @throws SAMSPEL_INVALID_CONFIGURATION where the message is not one oneof of messages.
 */
export function eventOneof(event: DescMessage): DescOneof {
  const refuse = (why: string): SamspelError =>
    invalidConfiguration(`Event message ${event.typeName} must be one oneof of messages: ${why}`);
  const [oneof, second] = event.oneofs;
  if (oneof === undefined) throw refuse("it has no oneof");
  if (second !== undefined) throw refuse(`it has two, ${oneof.name} and ${second.name}`);
  const stray = event.fields.find((field) => field.oneof !== oneof);
  if (stray !== undefined) throw refuse(`field ${stray.name} stands outside of ${oneof.name}`);
  const scalar = oneof.fields.find((field) => field.fieldKind !== "message");
  if (scalar !== undefined) throw refuse(`case ${scalar.name} is no message`);
  return oneof;
}

/** The case that an event message carries; undefined for one that this version of the service does not know. */
export function eventCase(oneof: DescOneof, message: Message): EventCase | undefined {
  const content: unknown = Reflect.get(message, oneof.localName);
  return isEventCase(content) ? content : undefined;
}

/** A oneof of messages is one property: a case and a message, or no case. */
function isEventCase(content: unknown): content is EventCase {
  return typeof content === "object" && content !== null && "case" in content && content.case !== undefined;
}
