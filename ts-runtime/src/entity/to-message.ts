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
  const shape: Record<string, unknown> = {};
  const members = membersOf(desc);
  for (const [name, value] of Object.entries(init)) {
    if (name === "$typeName" || name === "$unknown" || value === undefined) continue;
    const member = members.get(name);
    if (member === undefined) {
      throw new TypeError(
        `${desc.typeName} has no field "${name}": it has ${[...members.keys()].join(", ") || "none"}`,
      );
    }
    shape[name] = toMember(member, value);
  }
  return create(desc, shape as never);
}

const memberCache = new WeakMap<DescMessage, ReadonlyMap<string, DescMember>>();

function membersOf(desc: DescMessage): ReadonlyMap<string, DescMember> {
  let members = memberCache.get(desc);
  if (members === undefined) {
    members = new Map(desc.members.map((member) => [member.localName, member]));
    memberCache.set(desc, members);
  }
  return members;
}

function toMember(member: DescMember, value: unknown): unknown {
  if (member.kind === "oneof") return toOneof(member.fields, value);
  switch (member.fieldKind) {
    case "message":
      return toNested(member.message, value);
    case "list":
      return member.listKind === "message" && Array.isArray(value)
        ? value.map((item: unknown) => toNested(member.message, item))
        : copy(value);
    case "map":
      return member.mapKind === "message" && isObject(value)
        ? Object.fromEntries(
            Object.entries(value).map(([key, item]) => [key, toNested(member.message, item)]),
          )
        : copy(value);
    default:
      return value;
  }
}

function toOneof(fields: readonly DescMember[], value: unknown): unknown {
  if (!isObject(value)) return value;
  const selected = fields.find((field) => field.localName === value["case"]);
  return selected === undefined ? value : { case: value["case"], value: toMember(selected, value["value"]) };
}

/** Some well-known types stand for themselves, such as a google.protobuf.StringValue written as a string. */
function toNested(desc: DescMessage, value: unknown): unknown {
  if (!isObject(value) || desc.typeName === "google.protobuf.Struct") return value;
  return toMessage(desc, value);
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
