// Which message types the codec takes on: those whose fields, at any depth, are all of the common kinds. The others go
// to protobuf-es as wholes, so that no message is begun here which has to be begun again there each time.
import { protoInt64, type DescField, type DescMessage } from "@bufbuild/protobuf";

const known = new WeakMap<DescMessage, boolean>();

/** Whether the codec knows all that a message of this type may hold. */
export function isCovered(desc: DescMessage): boolean {
  let covered = known.get(desc);
  if (covered === undefined) {
    covered = protoInt64.supported && [...reachable(desc)].every(({ fields }) => fields.every(isCommon));
    known.set(desc, covered);
  }
  return covered;
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
