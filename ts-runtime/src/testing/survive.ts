// Serialisation: what handlers make must come back from its bytes as it was. The journal keeps events as bytes, a
// snapshot keeps a state, and the wire a reply; a value that its field cannot hold would change on the way.
import { fromBinary, toBinary, type DescMessage, type Message } from "@bufbuild/protobuf";
import { deepFreeze } from "../entity/index.ts";
import { describe, firstDifference } from "./difference.ts";
import { defect } from "./entity-defect.ts";

/** A message as bytes, and as it comes back from them. */
export interface Survivor {
  readonly bytes: Uint8Array;
  /** Deep-frozen. */
  readonly restored: Message;
}

/** Whose message it is, for the error. */
export interface Origin {
  readonly entity: string;
  /** Such as `event itemAdded of command addItem`. */
  readonly culprit: string;
}

/**
 * Writes a message to bytes and reads it again.
 * @throws EntityDefect that names the field which does not encode, or is another afterwards.
 */
export function survive(desc: DescMessage, message: Message, { entity, culprit }: Origin): Survivor {
  let bytes: Uint8Array;
  try {
    bytes = toBinary(desc, message);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw defect(entity, { check: "serialisation", culprit, message: `does not encode: ${reason}` }, error);
  }
  const restored = deepFreeze(fromBinary(desc, bytes));
  const difference = firstDifference(message, restored);
  if (difference === undefined) return { bytes, restored };
  throw defect(entity, {
    check: "serialisation",
    culprit,
    message: `does not survive serialisation: ${desc.typeName}.${describe(difference, "was", "comes back as")}`,
  });
}
