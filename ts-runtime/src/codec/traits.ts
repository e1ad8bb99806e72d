// Which message types the codec takes on: those whose fields, at any depth, are all of the common kinds. The others go
// to protobuf-es as wholes, so that no message is begun here which has to be begun again there each time.
import { protoInt64, ScalarType, type DescField, type DescMessage } from "@bufbuild/protobuf";

/** What a message type is, with all that its messages may hold. */
export interface Traits {
  /** Whether the codec knows all of it. */
  readonly covered: boolean;
  /** Whether there are fields of type `bytes` in it. */
  readonly holdsBytes: boolean;
}

const known = new WeakMap<DescMessage, Traits>();

export function traitsOf(desc: DescMessage): Traits {
  let traits = known.get(desc);
  if (traits === undefined) {
    const fields = [...reachable(desc)].flatMap(({ fields }) => fields);
    traits = {
      covered: protoInt64.supported && fields.every(isCommon),
      holdsBytes: fields.some(({ scalar }) => scalar === ScalarType.BYTES),
    };
    known.set(desc, traits);
  }
  return traits;
}

/** Whether messages of a type may hold fields of type `bytes`, which share the bytes that they were decoded from. */
export function holdsBytes(desc: DescMessage): boolean {
  return traitsOf(desc).holdsBytes;
}

function reachable(desc: DescMessage): ReadonlySet<DescMessage> {
  const found = new Set([desc]);
  // A set goes on to what is added while it is walked.
  for (const { fields } of found)
    for (const { message } of fields) if (message !== undefined) found.add(message);
  return found;
}

/** Not common: groups, 64-bit integers as strings, and JSON objects. */
function isCommon(field: DescField): boolean {
  if (field.message?.typeName === "google.protobuf.Struct") return false;
  if ("delimitedEncoding" in field && field.delimitedEncoding) return false;
  return !("longAsString" in field && field.longAsString);
}
