// What a stored event means to this version of the service, or else what can be said of its bytes (I3).
import type { MessageInitShape } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import type { Entity, EventCase } from "../entity/index.ts";
import type { DecodedEventSchema, UnknownEventSchema } from "../gen/samspel/v1/inspection_pb.ts";
import type { JournalEvent } from "../journal/index.ts";
import type { JsonWriter } from "./json-writer.ts";
import { messageOf } from "./message-of.ts";

type Decoded = MessageInitShape<typeof DecodedEventSchema>;

export interface Meaning {
  /** To fold. */
  readonly cases: readonly EventCase[];
  /** To show. */
  readonly events: readonly Decoded[];
  readonly unknown: MessageInitShape<typeof UnknownEventSchema> | undefined;
  /** Why something is not shown. */
  readonly problems: readonly string[];
}

export function readMeaning(
  { entity, toJson }: { readonly entity: Entity; readonly toJson: JsonWriter },
  { entityId, revision, payload }: JournalEvent,
): Meaning {
  let cases: readonly EventCase[];
  try {
    cases = entity.decodeEvents(payload, { entityId, revision });
  } catch (error) {
    const unknown = { fieldNumber: fieldNumberOf(payload), payload };
    return { cases: [], events: [], unknown, problems: [messageOf(error)] };
  }
  const problems: string[] = [];
  const events = cases.map(({ case: kind, value }): Decoded => {
    const field = entity.event.fields.find(({ localName }) => localName === kind);
    const shown = { case: field?.jsonName ?? kind, type: value.$typeName };
    if (field?.message === undefined) return shown;
    try {
      return { ...shown, value: toJson(field.message, value) };
    } catch (error) {
      problems.push(`event not shown: ${messageOf(error)}`);
      return shown;
    }
  });
  return { cases, events, unknown: undefined, problems };
}

/** The number of the first field; 0 where the bytes do not begin with one. */
function fieldNumberOf(payload: Uint8Array): number {
  try {
    const [number] = new BinaryReader(payload).tag();
    return number;
  } catch {
    return 0;
  }
}
