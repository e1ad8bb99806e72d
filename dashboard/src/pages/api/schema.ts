// JSON Schema, as far as the dashboard's server makes it of messages.
import { isJsonObject, type Json } from "../../format/index.ts";

/** A schema; unknown words of it are passed over. */
export interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly Json[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly contentEncoding?: string;
  /** The oneofs of a message, with the JSON names of their fields. */
  readonly "x-oneofs"?: Readonly<Record<string, readonly string[]>>;
  /** Whether it is the key field. */
  readonly "x-key"?: boolean;
}

/** How a value is asked for. */
export type FieldKind = "message" | "map" | "list" | "enum" | "boolean" | "number" | "text" | "time" | "any";

/** Reads a schema of the server; undefined where there is none that can be read. */
export function parseSchema(text: string): Schema | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Follows a reference into the definitions; words beside the reference, such as a description, stay. */
export function resolve(schema: Schema, root: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  const target = root.$defs?.[decodeURIComponent(schema.$ref.replace(/^#\/\$defs\//, ""))];
  if (target === undefined) return {};
  const { $ref: _, ...beside } = schema;
  return { ...target, ...beside };
}

/** How a value of a schema is asked for. */
export function fieldKind(schema: Schema): FieldKind {
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? []);
  if (enumOf(schema) !== undefined) return "enum";
  if (schema.properties !== undefined) return "message";
  if (types.includes("array")) return "list";
  if (types.includes("object")) return typeof schema.additionalProperties === "object" ? "map" : "any";
  if (types.includes("boolean")) return "boolean";
  if (schema.format === "date-time") return "time";
  if (types.includes("string"))
    return types.includes("integer") || types.includes("number") ? "number" : "text";
  if (types.includes("integer") || types.includes("number")) return "number";
  return "any";
}

/** The names of an enum, also where numbers are allowed beside them. */
export function enumOf(schema: Schema): readonly string[] | undefined {
  const values =
    schema.enum ??
    [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].find((one) => one.enum !== undefined)?.enum;
  const names = values?.filter((value): value is string => typeof value === "string");
  return names === undefined || names.length === 0 ? undefined : names;
}

/** What a field begins with when it is set. */
export function emptyValue(schema: Schema, root: Schema): Json {
  const whole = resolve(schema, root);
  switch (fieldKind(whole)) {
    case "message":
    case "map":
      return {};
    case "list":
      return [];
    case "enum":
      return enumOf(whole)?.[0] ?? "";
    case "boolean":
      return false;
    case "number":
      return 0;
    case "time":
      return new Date().toISOString();
    case "text":
      return "";
    default:
      return null;
  }
}

/** An object with a field set, or without it for undefined. */
export function withField(value: Json | undefined, name: string, field: Json | undefined): Json {
  const { [name]: _, ...rest } = isJsonObject(value) ? value : {};
  if (field === undefined) return rest;
  // At its old place, so that a form does not jump.
  if (isJsonObject(value) && name in value) {
    return Object.fromEntries(Object.entries(value).map(([key, old]) => [key, key === name ? field : old]));
  }
  return { ...rest, [name]: field };
}
