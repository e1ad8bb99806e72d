// From the bytes of a stored event to what it means today (J6): the case that it has, or what the case's upcast yields,
// as often as it takes.
import type { DescMessage, DescOneof, Message } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { decode } from "../codec/index.ts";
import { SamspelError } from "../errors/index.ts";
import type { EventAddress } from "./entity.ts";
import { eventCase, type EventCase } from "./event-oneof.ts";
import { toMessage } from "./to-message.ts";

/** An upcast, as one without types would write it. */
export type AnyUpcast = (event: Message) => unknown;

export interface EventReading {
  /** The entity's name. */
  readonly name: string;
  readonly event: DescMessage;
  readonly oneof: DescOneof;
  /** By the local name of the case. */
  readonly upcasts: ReadonlyMap<string, AnyUpcast>;
}

/** Makes the function behind `Entity.decodeEvents`. */
export function createEventDecoder(
  reading: EventReading,
): (payload: Uint8Array, address?: EventAddress) => readonly EventCase[] {
  return (payload, address) => {
    // A stored event has a case, and so bytes: none are left of one that was erased.
    if (payload.length === 0) return [];
    const stored = eventCase(reading.oneof, parse(reading, payload, address));
    if (stored === undefined) throw unknown(reading, payload, address);
    return reading.upcasts.size === 0 ? [stored] : upcast(reading, stored, []);
  };
}

function parse({ name, event }: EventReading, payload: Uint8Array, address?: EventAddress): Message {
  try {
    return decode(event, payload);
  } catch (error) {
    throw new SamspelError(
      "SAMSPEL_JOURNAL_CORRUPT",
      `Cannot read ${where(name, address)}: its bytes are no ${event.typeName}`,
      { cause: error, metadata: metadataOf(name, address) },
    );
  }
}

/** `path` are the cases that were upcast on the way here: one that comes again would come for ever. */
function upcast(reading: EventReading, event: EventCase, path: readonly string[]): readonly EventCase[] {
  const { name, upcasts } = reading;
  const change = upcasts.get(event.case);
  if (change === undefined) return [event];
  const way = [...path, event.case];
  if (path.includes(event.case)) {
    throw new TypeError(
      `Upcasts of entity ${name} must not lead back to themselves: ${way.join(" → ")} goes round in a circle`,
    );
  }
  const yielded = change(event.value);
  if (!Array.isArray(yielded)) {
    throw new TypeError(
      `Upcast ${event.case} of entity ${name} must return a list of events, which may be empty: it returned ${typeof yielded}`,
    );
  }
  return yielded.flatMap((init: unknown) => upcast(reading, toCase(reading, event.case, init), way));
}

function toCase({ name, event, oneof }: EventReading, from: string, init: unknown): EventCase {
  const made = eventCase(oneof, toMessage(event, { [oneof.localName]: init }));
  if (made !== undefined) return made;
  const kind = typeof init === "object" && init !== null && "case" in init ? String(init.case) : typeof init;
  throw new TypeError(
    `Upcast ${from} of entity ${name} must yield events of ${event.typeName}, which has ${oneof.fields.map((field) => field.localName).join(", ")}: it yielded "${kind}"`,
  );
}

/** The message names the number of the case: the name is known only to the version that persisted it. */
function unknown({ name, event }: EventReading, payload: Uint8Array, address?: EventAddress): SamspelError {
  const [number] = new BinaryReader(payload).tag();
  return new SamspelError(
    "SAMSPEL_EVENT_UNKNOWN",
    `Cannot read ${where(name, address)}: ${event.typeName} has no case ${number} in this version of the service; deploy one that does`,
    { metadata: { ...metadataOf(name, address), case: String(number) } },
  );
}

function where(name: string, address: EventAddress | undefined): string {
  return address === undefined
    ? `an event of entity ${name}`
    : `${name} "${address.entityId}", revision ${address.revision}`;
}

function metadataOf(name: string, address: EventAddress | undefined): Readonly<Record<string, string>> {
  return {
    entityType: name,
    ...(address && { entityId: address.entityId, revision: String(address.revision) }),
  };
}
