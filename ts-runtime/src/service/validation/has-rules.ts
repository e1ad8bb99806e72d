// Whether a message has rules of protovalidate, or holds one that has: only those are looked at.
import { hasOption, type DescField, type DescMessage } from "@bufbuild/protobuf";
import {
  field as fieldRules,
  message as messageRules,
  oneof as oneofRules,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";

const known = new WeakMap<DescMessage, boolean>();

export function hasRules(desc: DescMessage): boolean {
  let answer = known.get(desc);
  if (answer === undefined) known.set(desc, (answer = look(desc, new Set())));
  return answer;
}

/** @param seen what is being looked at: messages may hold themselves. */
function look(desc: DescMessage, seen: Set<DescMessage>): boolean {
  if (seen.has(desc)) return false;
  seen.add(desc);
  if (hasOption(desc, messageRules)) return true;
  if (desc.oneofs.some((oneof) => hasOption(oneof, oneofRules))) return true;
  return desc.fields.some((field) => {
    if (hasOption(field, fieldRules)) return true;
    const held = messageOf(field);
    return held !== undefined && look(held, seen);
  });
}

function messageOf(field: DescField): DescMessage | undefined {
  return field.fieldKind === "enum" || field.fieldKind === "scalar" ? undefined : field.message;
}
