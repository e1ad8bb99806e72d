// Puts texts, of a path or of query parameters, into the fields of a request.
import {
  mergeFromJson,
  type DescField,
  type JsonObject,
  type JsonValue,
  type Message,
  type Registry,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { findFields, textKindOf } from "./field-path.ts";

export interface TextOf {
  readonly fieldPath: readonly string[];
  /** More than one only for a repeated field. */
  readonly texts: readonly string[];
}

/**
 * Merges them into the message.
 * @throws ConnectError InvalidArgument that names the parameter.
 */
export function mergeTexts(
  schema: Parameters<typeof mergeFromJson>[0],
  message: Message,
  all: readonly TextOf[],
  types: Registry,
): void {
  const taken = new Set<string>();
  for (const { fieldPath, texts } of all) {
    const name = fieldPath.join(".");
    const fields = findFields(schema, fieldPath);
    const field = fields?.at(-1);
    if (fields === undefined || field === undefined)
      throw invalid(name, `${schema.typeName} has no such field`);
    if (textKindOf(field) === undefined) throw invalid(name, "a field of this type cannot be given here");
    if (field.fieldKind !== "list" && texts.length > 1) throw invalid(name, "it is given more than once");
    if (fields.slice(0, -1).some(({ fieldKind }) => fieldKind !== "message")) {
      throw invalid(name, "fields within a repeated field cannot be given here");
    }
    if (field.oneof !== undefined) {
      const oneof = [...fieldPath.slice(0, -1), field.oneof.name].join(".");
      if (taken.has(oneof))
        throw invalid(name, `another field of the oneof ${field.oneof.name} is given as well`);
      taken.add(oneof);
    }
    const values = texts.map((text) => jsonOf(field, text));
    let json: JsonValue = field.fieldKind === "list" ? values : (values[0] ?? null);
    for (const { jsonName } of fields.toReversed()) json = { [jsonName]: json } satisfies JsonObject;
    try {
      mergeFromJson(schema, message, json, { registry: types });
    } catch (error) {
      throw invalid(name, error instanceof Error ? error.message : String(error));
    }
  }
}

function jsonOf(field: DescField, text: string): JsonValue {
  switch (textKindOf(field)) {
    case "bool":
      if (text === "true" || text === "false") return text === "true";
      throw new ConnectError(`${field.name} must be true or false`, Code.InvalidArgument);
    case "enum":
      return /^-?\d+$/.test(text) ? Number(text) : text;
    default:
      return text;
  }
}

function invalid(name: string, reason: string): ConnectError {
  return new ConnectError(`Cannot use the parameter ${name}: ${reason}`, Code.InvalidArgument);
}
