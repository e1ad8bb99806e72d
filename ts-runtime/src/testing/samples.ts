// Messages to try handlers with, made from descriptors: small, plausible, and the same in every run.
import {
  create,
  ScalarType,
  type DescEnum,
  type DescField,
  type DescMessage,
  type Message,
} from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";

/** Messages may hold themselves. */
const maxDepth = 3;

/**
 * The message of a number. 0 is the empty one, as which a field that events from before lack is read; from 1 on all
 * fields are set: numbers are small and not negative, texts are short, lists and maps have up to two entries.
 */
export function sampleMessage(desc: DescMessage, number: number): Message {
  return sample(desc, number, 0).message;
}

function sample(desc: DescMessage, number: number, depth: number): ReflectMessage {
  const message = reflect(desc, create(desc));
  for (const member of desc.members) {
    const field = member.kind === "field" ? member : member.fields[number % member.fields.length];
    if (field === undefined || (leavesOut(field, number, depth) && !isRequired(field))) continue;
    setField(message, field, number, depth);
  }
  return message;
}

function leavesOut(field: DescField, number: number, depth: number): boolean {
  return number === 0 || (depth === maxDepth && field.message !== undefined);
}

/** As proto2 has it. */
function isRequired(field: DescField): boolean {
  return field.presence === FeatureSet_FieldPresence.LEGACY_REQUIRED;
}

function setField(message: ReflectMessage, field: DescField, number: number, depth: number): void {
  switch (field.fieldKind) {
    case "scalar":
      return message.set(field, scalar(field.scalar, field.localName, number));
    case "enum":
      return message.set(field, enumNumber(field.enum, number));
    case "message":
      return message.set(field, sample(field.message, number, depth + 1));
    case "list":
      for (let at = 0; at < number % 3; at++) message.get(field).add(itemOf(field, number + at, depth));
      return;
    case "map":
      for (let at = 0; at < number % 3; at++)
        message.get(field).set(scalar(field.mapKey, "key", number + at), itemOf(field, number + at, depth));
  }
}

function itemOf(
  field: DescField & { readonly fieldKind: "list" | "map" },
  number: number,
  depth: number,
): unknown {
  if (field.message !== undefined) return sample(field.message, number, depth + 1);
  if (field.enum !== undefined) return enumNumber(field.enum, number);
  return scalar(field.scalar, field.localName, number);
}

function enumNumber({ values }: DescEnum, number: number): number {
  return values[number % values.length]?.number ?? 0;
}

function scalar(
  type: ScalarType,
  name: string,
  number: number,
): string | number | bigint | boolean | Uint8Array {
  switch (type) {
    case ScalarType.STRING:
      return `${name}-${number}`;
    case ScalarType.BYTES:
      return Uint8Array.of(number % 256);
    case ScalarType.BOOL:
      return number % 2 === 1;
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return BigInt(number);
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return number / 2; // held by both exactly
    default:
      return number;
  }
}
