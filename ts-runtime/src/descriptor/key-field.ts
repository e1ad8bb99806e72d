// The `(samspel.v1.key)` of a message: to whom the message belongs.
import { getOption, type DescField, type DescMessage, type Message, ScalarType } from "@bufbuild/protobuf";
import { invalidConfiguration } from "../errors/index.ts";
import { key } from "../gen/samspel/v1/options_pb.ts";

/**
 * The key field of a message, if it has one.
 * @throws SAMSPEL_INVALID_CONFIGURATION where the option stands on two fields, or on one that is no singular string.
 */
export function findKeyField(message: DescMessage): DescField | undefined {
  const [field, second] = message.fields.filter((field) => getOption(field, key));
  if (field === undefined) return undefined;
  if (second !== undefined) {
    throw invalidConfiguration(
      `Message ${message.typeName} has two keys, ${field.name} and ${second.name}: keep one of them`,
    );
  }
  if (field.fieldKind !== "scalar" || field.scalar !== ScalarType.STRING || field.oneof !== undefined) {
    throw invalidConfiguration(
      `Key ${message.typeName}.${field.name} must be a singular string field outside a oneof`,
    );
  }
  return field;
}

/** The key field of a message that cannot do without; `use` says what for, as in "a command of entity cart". */
export function keyField(message: DescMessage, use: string): DescField {
  const field = findKeyField(message);
  if (field !== undefined) return field;
  throw invalidConfiguration(
    `Message ${message.typeName} is ${use} and needs a key: mark one string field with [(samspel.v1.key) = true]`,
  );
}

/** The key that a message carries in `field`; the empty string where it has none. */
export function keyOf(field: DescField, message: Message): string {
  // A singular string outside a oneof is a property of its own name. Reflection takes ten times as long.
  const value: unknown = Reflect.get(message, field.localName);
  return typeof value === "string" ? value : "";
}
