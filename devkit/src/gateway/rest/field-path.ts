// Fields of a request by the names that paths and query parameters have for them.
import { ScalarType, type DescField, type DescMessage } from "@bufbuild/protobuf";

/** The fields along a path, by proto names or JSON names; undefined where there is no such field. */
export function findFields(message: DescMessage, path: readonly string[]): readonly DescField[] | undefined {
  const fields: DescField[] = [];
  let within: DescMessage | undefined = message;
  for (const name of path) {
    const field: DescField | undefined = within?.fields.find(
      (field) => field.name === name || field.jsonName === name,
    );
    if (field === undefined) return undefined;
    fields.push(field);
    within = field.fieldKind === "message" && !isTextual(field.message) ? field.message : undefined;
  }
  return fields;
}

/** Messages of google.protobuf whose JSON is a text or a single scalar. */
const textual = new Set(["Timestamp", "Duration", "FieldMask"]);
const wrapper = /^(Double|Float|U?Int(32|64)|Bool|String|Bytes)Value$/;

function isTextual({ typeName }: DescMessage): boolean {
  const name = wellKnownName(typeName);
  return name !== undefined && (textual.has(name) || wrapper.test(name));
}

function wellKnownName(typeName: string): string | undefined {
  return typeName.startsWith("google.protobuf.") ? typeName.slice("google.protobuf.".length) : undefined;
}

/** What a text means for a field: the kind of a scalar, `text` for what JSON has in quotes anyway. */
type TextKind = "bool" | "enum" | "text";

/** How a text is written in JSON for a field or for each of its items; undefined where a text cannot say it. */
export function textKindOf(field: DescField): TextKind | undefined {
  switch (field.fieldKind) {
    case "scalar":
      return field.scalar === ScalarType.BOOL ? "bool" : "text";
    case "enum":
      return field.enum.typeName === "google.protobuf.NullValue" ? undefined : "enum";
    case "message":
      return messageKind(field.message);
    case "list":
      if (field.listKind === "scalar") return field.scalar === ScalarType.BOOL ? "bool" : "text";
      return field.listKind === "enum" ? "enum" : messageKind(field.message);
    case "map":
      return undefined;
  }
}

function messageKind(message: DescMessage): TextKind | undefined {
  if (!isTextual(message)) return undefined;
  return message.typeName === "google.protobuf.BoolValue" ? "bool" : "text";
}
