// Messages as JSON, in protobuf's own mapping.
import {
  fromJson,
  toJsonString,
  type DescMessage,
  type JsonValue,
  type Message,
  type Registry,
} from "@bufbuild/protobuf";
import { DynamicError } from "./dynamic-error.ts";

/**
 * A message of its JSON.
 * @throws DynamicError that says what does not fit.
 */
export function readMessage(schema: DescMessage, json: string, types: Registry): Message {
  let value: JsonValue;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new DynamicError(
      "invalid",
      `A ${schema.typeName} must be JSON (${reasonOf(error)}): it is ${brief(json)}`,
    );
  }
  try {
    return fromJson(schema, value, { registry: types });
  } catch (error) {
    const fields = schema.fields.map((field) => field.jsonName);
    throw new DynamicError(
      "invalid",
      `This is no ${schema.typeName}: ${reasonOf(error)}; its fields are ${fields.join(", ") || "none"}`,
    );
  }
}

/** The JSON of a message, in one line; with fields that have their default, as people look for them. */
export function writeMessage(schema: DescMessage, message: Message, types: Registry): string {
  return toJsonString(schema, message, { registry: types, alwaysEmitImplicit: true });
}

function brief(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
