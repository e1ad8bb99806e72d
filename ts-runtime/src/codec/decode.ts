// From bytes to a message: the same that protobuf-es reads, by a plan of its type.
//
// Invariants:
//   V3. A plan reads only what it is sure of: fields that it knows, in the form in which they are written today,
//       well-formed and each within its bounds. On all else it gives up, and protobuf-es begins anew: unknown fields are
//       kept, parts of a message are merged, and what is malformed is refused by protobuf-es alone.
import {
  create,
  fromBinary,
  ScalarType,
  type DescField,
  type DescMessage,
  type MessageShape,
} from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import { Reader } from "./reader.ts";
import { scalarReaders, type ReadValue } from "./scalar-readers.ts";
import { scalars } from "./scalar-writers.ts";
import { tagOf } from "./tag.ts";
import { traitsOf } from "./traits.ts";
import { isFields, unusual, type Fields } from "./unusual.ts";
import { wrappedScalar } from "./wrapped.ts";

const reader = new Reader();
/** As protobuf-es has it. */
const maxDepth = 100;

/**
 * The message that bytes are. As with protobuf-es, its fields of type `bytes` share the bytes that are read.
 * @throws What `fromBinary` of protobuf-es throws.
 */
export function decode<Desc extends DescMessage>(desc: Desc, bytes: Uint8Array): MessageShape<Desc> {
  const message = decodeByPlan(desc, bytes);
  return message === undefined ? fromBinary(desc, bytes) : (message as MessageShape<Desc>);
}

/** Undefined where it is left to protobuf-es. */
export function decodeByPlan(desc: DescMessage, bytes: Uint8Array): Fields | undefined {
  if (!traitsOf(desc).covered) return undefined;
  try {
    reader.begin(bytes);
    const message = planOf(desc).read(reader, bytes.length);
    return reader.at === bytes.length ? message : undefined;
  } catch {
    // V3
    return undefined;
  } finally {
    reader.end();
  }
}

type ReadField = (reader: Reader, message: Fields) => void;

interface Plan {
  /** Reads a message that ends there. */
  readonly read: (reader: Reader, end: number) => Fields;
}

const plans = new WeakMap<DescMessage, Plan>();

function planOf(desc: DescMessage): Plan {
  return plans.get(desc) ?? makePlan(desc);
}

function makePlan(desc: DescMessage): Plan {
  const make = makerOf(desc);
  const readers = new Map<number, ReadField>();
  const plan: Plan = {
    read(reader, end) {
      if (++reader.depth > maxDepth) throw unusual;
      const message = make();
      while (reader.at < end) {
        const readField = readers.get(reader.tag());
        if (readField === undefined) throw unusual;
        readField(reader, message);
      }
      if (reader.at !== end) throw unusual;
      reader.depth--;
      return message;
    },
  };
  // Before its fields, as one of them may be of the same type.
  plans.set(desc, plan);
  for (const field of desc.fields) addReaders(readers, field);
  return plan;
}

/**
 * Makes messages without values, as `create` of protobuf-es does: copies of one of them, but for what each has of its
 * own. Where defaults stand on a prototype, a copy would lose it.
 */
function makerOf(desc: DescMessage): () => Fields {
  const template = create(desc) as unknown as Fields;
  if (Object.getPrototypeOf(template) !== Object.prototype) return () => create(desc);
  const own = desc.members.flatMap((member) => {
    if (member.kind === "oneof") return [{ name: member.localName, make: () => ({ case: undefined }) }];
    if (member.fieldKind === "list") return [{ name: member.localName, make: () => [] }];
    if (member.fieldKind === "map") return [{ name: member.localName, make: () => ({}) }];
    return [];
  });
  return () => {
    const message = { ...template };
    for (const { name, make } of own) message[name] = make();
    return message;
  };
}

function addReaders(readers: Map<number, ReadField>, field: DescField): void {
  const { number } = field;
  if (field.fieldKind === "map") {
    readers.set(tagOf(number, WireType.LengthDelimited), mapReader(field));
    return;
  }
  const { wireType, read } = valueReader(field);
  if (field.fieldKind !== "list") {
    readers.set(tagOf(number, wireType), singleReader(field, read));
    return;
  }
  const { localName } = field;
  readers.set(tagOf(number, wireType), (reader, message) => listOf(message[localName]).push(read(reader)));
  if (wireType === WireType.LengthDelimited) return;
  // Numbers are read in either form, whichever they are written in.
  readers.set(tagOf(number, WireType.LengthDelimited), (reader, message) => {
    const items = listOf(message[localName]);
    const end = reader.boundary();
    while (reader.at < end) items.push(read(reader));
    if (reader.at !== end) throw unusual;
  });
}

function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw unusual;
}

function valueReader(field: DescField): { readonly wireType: WireType; readonly read: ReadValue } {
  const wrapped = wrappedScalar(field);
  if (wrapped !== undefined) return { wireType: WireType.LengthDelimited, read: wrapperReader(wrapped) };
  if (field.message !== undefined) {
    const plan = planOf(field.message);
    return { wireType: WireType.LengthDelimited, read: (reader) => plan.read(reader, reader.boundary()) };
  }
  const type = field.scalar ?? ScalarType.INT32;
  return {
    wireType: scalars[type].wireType,
    read: field.enum?.open === false ? closedEnum(field) : scalarReaders[type],
  };
}

function wrapperReader(type: ScalarType): ReadValue {
  const read = scalarReaders[type];
  const tag = tagOf(1, scalars[type].wireType);
  return (reader) => {
    const end = reader.boundary();
    if (reader.depth >= maxDepth) throw unusual;
    // An empty one holds the zero of its type.
    if (reader.tag() !== tag) throw unusual;
    const value = read(reader);
    if (reader.at !== end) throw unusual;
    return value;
  };
}

/** Numbers that a closed enum does not name are kept as unknown fields. */
function closedEnum({ enum: desc }: DescField): ReadValue {
  const numbers = new Set(desc?.values.map((value) => value.number));
  return (reader) => {
    const value = reader.int32();
    if (!numbers.has(value)) throw unusual;
    return value;
  };
}

function singleReader(field: DescField, read: ReadValue): ReadField {
  const { localName, oneof } = field;
  const mayMerge = field.message !== undefined;
  if (oneof === undefined) {
    return (reader, message) => {
      if (mayMerge && message[localName] !== undefined) throw unusual;
      message[localName] = read(reader);
    };
  }
  const name = oneof.localName;
  return (reader, message) => {
    const content = message[name];
    if (mayMerge && isFields(content) && content["case"] === localName) throw unusual;
    message[name] = { case: localName, value: read(reader) };
  };
}

function mapReader(field: DescField & { readonly fieldKind: "map" }): ReadField {
  const { localName, mapKey } = field;
  const keyTag = tagOf(1, scalars[mapKey].wireType);
  const readKey = scalarReaders[mapKey];
  const { wireType, read } = valueReader(field);
  const valueTag = tagOf(2, wireType);
  return (reader, message) => {
    const entries = message[localName];
    const end = reader.boundary();
    if (!isFields(entries) || reader.tag() !== keyTag) throw unusual;
    const key = String(readKey(reader));
    // What is left out of an entry has the zero of its type, and may stand in any order: seldom, so not here.
    if (key === "__proto__" || reader.tag() !== valueTag) throw unusual;
    entries[key] = read(reader);
    if (reader.at !== end) throw unusual;
  };
}
