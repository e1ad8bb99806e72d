// From a message to its bytes: the same that protobuf-es writes, by a plan of its type.
//
// Invariants:
//   V1. A plan writes only what it is sure of. On all else, such as a value of another kind or a required field that
//       lacks, it gives up and protobuf-es begins anew: what is refused, and how, is the word of protobuf-es alone.
//   V2. Getters may run in the midst of a message, and encode another one: that one goes to protobuf-es.
import {
  ScalarType,
  toBinary,
  type DescField,
  type DescMessage,
  type DescOneof,
  type MessageShape,
} from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence as Presence } from "@bufbuild/protobuf/wkt";
import { WireType } from "@bufbuild/protobuf/wire";
import { mapKeyFrom } from "./map-key.ts";
import { scalars, type WriteValue } from "./scalar-writers.ts";
import { tagOf } from "./tag.ts";
import { traitsOf } from "./traits.ts";
import { isFields, unusual, type Fields } from "./unusual.ts";
import { wrappedScalar } from "./wrapped.ts";
import { Writer } from "./writer.ts";

const writer = new Writer();
let busy = false;

/**
 * The bytes of a message. They may share a buffer of 64 KiB with others that were made at about the same time: copy
 * what is kept for long.
 * @throws What `toBinary` of protobuf-es throws.
 */
export function encode<Desc extends DescMessage>(desc: Desc, message: MessageShape<Desc>): Uint8Array {
  return encodeByPlan(desc, message) ?? toBinary(desc, message);
}

/** Undefined where it is left to protobuf-es. */
export function encodeByPlan(desc: DescMessage, message: unknown): Uint8Array | undefined {
  return write(desc, message, 0) ? writer.take(traitsOf(desc).holdsBytes) : undefined;
}

/**
 * The bytes of a message behind `room` bytes that the caller fills. For what is sent and then forgotten: it shares a
 * buffer of 64 KiB with others, whatever its fields are.
 * @throws What `toBinary` of protobuf-es throws.
 */
export function encodeBehind<Desc extends DescMessage>(
  desc: Desc,
  message: MessageShape<Desc>,
  room: number,
): Buffer {
  if (write(desc, message, room)) return writer.takeShared();
  const bytes = toBinary(desc, message);
  const behind = Buffer.allocUnsafe(room + bytes.length);
  behind.set(bytes, room);
  return behind;
}

/** Whether the writer holds the message now; else it is left to protobuf-es. */
function write(desc: DescMessage, message: unknown, room: number): boolean {
  // V2
  if (busy || !traitsOf(desc).covered) return false;
  busy = true;
  writer.begin(room);
  try {
    planOf(desc).write(writer, message);
    return true;
  } catch {
    // V1
    writer.drop();
    return false;
  } finally {
    busy = false;
  }
}

type WriteField = (writer: Writer, message: Fields) => void;

interface Plan {
  /** Writes a message without its length. */
  readonly write: WriteValue;
}

const plans = new WeakMap<DescMessage, Plan>();

function planOf(desc: DescMessage): Plan {
  return plans.get(desc) ?? makePlan(desc);
}

function makePlan(desc: DescMessage): Plan {
  const { typeName } = desc;
  const writeFields: WriteField[] = [];
  const plan: Plan = {
    write(writer, message) {
      if (!isFields(message) || message["$typeName"] !== typeName) throw unusual;
      for (const writeField of writeFields) writeField(writer, message);
      if (message["$unknown"] !== undefined) writeUnknown(writer, message["$unknown"]);
    },
  };
  // Before its fields, as one of them may be of the same type.
  plans.set(desc, plan);
  const fields = desc.fields.toSorted((a, b) => a.number - b.number);
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index];
    if (field === undefined) continue;
    const { oneof } = field;
    if (oneof === undefined) {
      writeFields.push(fieldWriter(field));
      continue;
    }
    // The fields of a oneof that stand side by side are one look at its case.
    const cases = [field];
    for (let next = fields[index + 1]; next?.oneof === oneof; next = fields[index + 1]) {
      cases.push(next);
      index++;
    }
    writeFields.push(oneofWriter(oneof, cases));
  }
  return plan;
}

function writeUnknown(writer: Writer, unknown: unknown): void {
  if (!Array.isArray(unknown)) throw unusual;
  for (const field of unknown as readonly unknown[]) {
    if (!isFields(field)) throw unusual;
    const { no, wireType, data } = field;
    if (typeof no !== "number" || typeof wireType !== "number" || !(data instanceof Uint8Array))
      throw unusual;
    writer.uint32(((no << 3) | wireType) >>> 0);
    writer.raw(data);
  }
}

function oneofWriter({ localName }: DescOneof, fields: readonly DescField[]): WriteField {
  const cases = new Map<unknown, WriteValue>(fields.map((field) => [field.localName, taggedWriter(field)]));
  return (writer, message) => {
    const content = message[localName];
    if (!isFields(content)) throw unusual;
    if (content["case"] !== undefined) cases.get(content["case"])?.(writer, content["value"]);
  };
}

function fieldWriter(field: DescField): WriteField {
  const { localName, presence } = field;
  if (field.fieldKind === "list") return listWriter(field);
  if (field.fieldKind === "map") return mapWriter(field);
  const write = taggedWriter(field);
  if (presence !== Presence.IMPLICIT) {
    const required = presence === Presence.LEGACY_REQUIRED;
    return (writer, message) => {
      const value = message[localName];
      // What is not set may have a default by its prototype.
      if (value !== undefined && Object.hasOwn(message, localName)) write(writer, value);
      else if (required) throw unusual;
    };
  }
  const isZero = zeroTest(field);
  return (writer, message) => {
    const value = message[localName];
    if (!isZero(value)) write(writer, value);
  };
}

function zeroTest(field: DescField): (value: unknown) => boolean {
  if (field.scalar !== undefined) return scalars[field.scalar].isZero;
  const zero = field.enum?.values[0]?.number;
  return (value) => value === zero;
}

/** Writes a value that is there, with its tag. */
function taggedWriter(field: DescField): WriteValue {
  const wrapped = wrappedScalar(field);
  if (wrapped !== undefined) return wrapperWriter(field.number, wrapped);
  if (field.message !== undefined) return childWriter(field.number, planOf(field.message));
  const { wireType, write } = scalars[field.scalar ?? ScalarType.INT32];
  const tag = tagOf(field.number, wireType);
  return (writer, value) => {
    writer.uint32(tag);
    write(writer, value);
  };
}

function childWriter(number: number, plan: Plan): WriteValue {
  return delimited(number, plan.write);
}

function wrapperWriter(number: number, type: ScalarType): WriteValue {
  const { wireType, write, isZero } = scalars[type];
  const tag = tagOf(1, wireType);
  return delimited(number, (writer, value: unknown) => {
    if (isZero(value)) return;
    writer.uint32(tag);
    write(writer, value);
  });
}

/** Writes what has a length before it. How many bytes that takes is guessed by the one before. */
function delimited<Value>(
  number: number,
  write: (writer: Writer, value: Value) => void,
): (writer: Writer, value: Value) => void {
  const tag = tagOf(number, WireType.LengthDelimited);
  let lengthBytes = 1;
  return (writer, value) => {
    writer.uint32(tag);
    // It may hold others of its kind.
    const guess = lengthBytes;
    const from = writer.open(guess);
    write(writer, value);
    lengthBytes = writer.close(from, guess);
  };
}

function listWriter(field: DescField & { readonly fieldKind: "list" }): WriteField {
  const { localName } = field;
  if (!field.packed) {
    const write = taggedWriter(field);
    return (writer, message) => {
      for (const item of itemsOf(message[localName])) write(writer, item);
    };
  }
  const { write } = scalars[field.scalar ?? ScalarType.INT32];
  const writeAll = delimited(field.number, (writer, items: readonly unknown[]) => {
    for (const item of items) write(writer, item);
  });
  return (writer, message) => {
    const items = itemsOf(message[localName]);
    if (items.length > 0) writeAll(writer, items);
  };
}

function itemsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw unusual;
}

function mapWriter(field: DescField & { readonly fieldKind: "map" }): WriteField {
  const { localName, mapKey } = field;
  const { wireType, write } = scalars[mapKey];
  const keyTag = tagOf(1, wireType);
  const keyFrom = mapKeyFrom(mapKey);
  const writeValue = valueWriter(field);
  const writeEntry = delimited(field.number, (writer, [key, value]: readonly [string, unknown]) => {
    writer.uint32(keyTag);
    write(writer, keyFrom(key));
    writeValue(writer, value);
  });
  return (writer, message) => {
    const entries = message[localName];
    if (!isFields(entries)) throw unusual;
    for (const entry of Object.entries(entries)) writeEntry(writer, entry);
  };
}

/** In an entry of a map, the value is the field 2. */
function valueWriter(field: DescField & { readonly fieldKind: "map" }): WriteValue {
  if (field.message !== undefined) return childWriter(2, planOf(field.message));
  const { wireType, write } = scalars[field.scalar ?? ScalarType.INT32];
  const tag = tagOf(2, wireType);
  return (writer, value) => {
    writer.uint32(tag);
    write(writer, value);
  };
}
