// From what handlers write, plain objects and spread messages, to messages that are whole and clean.
//
// protobuf-es's create() takes a spread message for a message, as it carries `$typeName`, and ignores what it does
// not know. So a nested plain object would reach the wire unconverted, and a misspelt field would be lost. Both are
// put right here, at each level.
import { create, type DescMessage, type Message } from "@bufbuild/protobuf";

type DescMember = DescMessage["members"][number];

/**
 * Makes a message of an init shape.
 * @throws TypeError that names the message and the field which it lacks.
 */
export function toMessage(desc: DescMessage, init: object): Message {
  const members = membersOf(desc);
  /** Made only where something differs from what is given: most messages are scalars, and create() is all they need. */
  let shape: Record<string, unknown> | undefined;
  for (const name of Object.keys(init)) {
    if (name === "$unknown") continue;
    if (name === "$typeName") {
      shape ??= { ...init };
      delete shape[name];
      continue;
    }
    const value: unknown = Reflect.get(init, name);
    const convert = members.get(name);
    if (convert === undefined) {
      if (value === undefined) continue;
      throw new TypeError(
        `${desc.typeName} has no field "${name}": it has ${[...members.keys()].join(", ") || "none"}`,
      );
    }
    const converted = convert === "as it is" ? value : convert(value);
    if (converted !== value) (shape ??= { ...init })[name] = converted;
  }
  return create(desc, (shape ?? init) as never);
}

type Convert = (value: unknown) => unknown;

const memberCache = new WeakMap<DescMessage, ReadonlyMap<string, Convert | "as it is">>();

function membersOf(desc: DescMessage): ReadonlyMap<string, Convert | "as it is"> {
  let members = memberCache.get(desc);
  if (members === undefined) {
    members = new Map(desc.members.map((member) => [member.localName, converterOf(member)]));
    memberCache.set(desc, members);
  }
  return members;
}

function converterOf(member: DescMember): Convert | "as it is" {
  if (member.kind === "oneof") {
    const converters = new Map(member.fields.map((field) => [field.localName, converterOf(field)]));
    return (value) => toOneof(converters, value);
  }
  switch (member.fieldKind) {
    case "message":
      return (value) => toNested(member.message, value);
    case "list":
      return member.listKind === "message" ? (value) => toList(member.message, value) : copy;
    case "map":
      return member.mapKind === "message" ? (value) => toMap(member.message, value) : copy;
    default:
      return "as it is";
  }
}

function toOneof(converters: ReadonlyMap<unknown, Convert | "as it is">, value: unknown): unknown {
  if (!isObject(value)) return value;
  const convert = converters.get(value["case"]);
  if (convert === undefined || convert === "as it is") return value;
  return { case: value["case"], value: convert(value["value"]) };
}

/** Some well-known types stand for themselves, such as a google.protobuf.StringValue written as a string. */
function toNested(desc: DescMessage, value: unknown): unknown {
  if (!isObject(value) || desc.typeName === "google.protobuf.Struct") return value;
  return toMessage(desc, value);
}

function toList(desc: DescMessage, value: unknown): unknown {
  return Array.isArray(value) ? value.map((item: unknown) => toNested(desc, item)) : copy(value);
}

function toMap(desc: DescMessage, value: unknown): unknown {
  if (!isObject(value)) return copy(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toNested(desc, item)]));
}

/** Lists and maps are not shared with the state that they came from. */
function copy(value: unknown): unknown {
  if (Array.isArray(value)) return [...(value as unknown[])];
  return isObject(value) ? { ...value } : value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}
