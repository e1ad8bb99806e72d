// JSON Schemas of messages, as ProtoJSON writes them.
import {
  ScalarType,
  type DescEnum,
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
} from "@bufbuild/protobuf";

export interface Schemas {
  /** A reference to a message's schema, which is put among the components; or its own schema, of what is well known. */
  message(desc: DescMessage): JsonObject;
  /** The fields of a message but some, in place: what is left of a body when the path has taken its part. */
  messageWithout(desc: DescMessage, fieldNames: ReadonlySet<string>): JsonObject;
  field(field: DescField): JsonObject;
  /** All that was referred to so far, by name. */
  readonly components: Readonly<Record<string, JsonValue>>;
}

export function createSchemas(): Schemas {
  const components: Record<string, JsonValue> = {};

  const message = (desc: DescMessage): JsonObject => {
    const known = wellKnown[desc.typeName];
    if (known !== undefined) return { ...known };
    if (!(desc.typeName in components)) {
      // Before its fields, which may be of its own type.
      components[desc.typeName] = {};
      components[desc.typeName] = objectOf(desc.fields);
    }
    return { $ref: `#/components/schemas/${desc.typeName}` };
  };
  const objectOf = (fields: readonly DescField[]): JsonObject => ({
    type: "object",
    properties: Object.fromEntries(fields.map((one) => [one.jsonName, field(one)])),
  });
  const enumeration = (desc: DescEnum): JsonObject => {
    if (desc.typeName === "google.protobuf.NullValue") return { type: "null" };
    components[desc.typeName] ??= { type: "string", enum: desc.values.map(({ name }) => name) };
    return { $ref: `#/components/schemas/${desc.typeName}` };
  };
  const single = (field: DescField): JsonObject => {
    if (field.message !== undefined) return message(field.message);
    if (field.enum !== undefined) return enumeration(field.enum);
    return scalarSchema(field.scalar ?? ScalarType.STRING);
  };
  const field = (field: DescField): JsonObject => {
    const schema = field.fieldKind === "list" ? { type: "array", items: single(field) } : single(field);
    const whole =
      field.fieldKind === "map" ? { type: "object", additionalProperties: single(field) } : schema;
    return field.deprecated ? { ...whole, deprecated: true } : whole;
  };
  return {
    message,
    messageWithout: (desc, names) => objectOf(desc.fields.filter(({ name }) => !names.has(name))),
    field,
    components,
  };
}

function scalarSchema(scalar: ScalarType): JsonObject {
  switch (scalar) {
    case ScalarType.BOOL:
      return { type: "boolean" };
    case ScalarType.STRING:
      return { type: "string" };
    case ScalarType.BYTES:
      return { type: "string", contentEncoding: "base64" };
    case ScalarType.DOUBLE:
      return { type: "number", format: "double" };
    case ScalarType.FLOAT:
      return { type: "number", format: "float" };
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return { type: "string", format: "int64" };
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return { type: "string", format: "uint64" };
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return { type: "integer", minimum: 0, maximum: 4_294_967_295 };
    default:
      return { type: "integer", format: "int32" };
  }
}

function orNull(scalar: ScalarType): JsonObject {
  const { type = "string", ...rest } = scalarSchema(scalar);
  return { type: [type, "null"], ...rest };
}

/** Messages whose JSON is not an object of their fields. */
const wellKnown: Readonly<Record<string, JsonObject>> = {
  "google.protobuf.Timestamp": { type: "string", format: "date-time" },
  "google.protobuf.Duration": { type: "string", pattern: "^-?\\d+(\\.\\d{1,9})?s$" },
  "google.protobuf.FieldMask": { type: "string" },
  "google.protobuf.Empty": { type: "object" },
  "google.protobuf.Struct": { type: "object", additionalProperties: true },
  "google.protobuf.ListValue": { type: "array", items: {} },
  "google.protobuf.Value": {},
  "google.protobuf.Any": {
    type: "object",
    properties: { "@type": { type: "string" } },
    additionalProperties: true,
  },
  "google.protobuf.DoubleValue": orNull(ScalarType.DOUBLE),
  "google.protobuf.FloatValue": orNull(ScalarType.FLOAT),
  "google.protobuf.Int64Value": orNull(ScalarType.INT64),
  "google.protobuf.UInt64Value": orNull(ScalarType.UINT64),
  "google.protobuf.Int32Value": orNull(ScalarType.INT32),
  "google.protobuf.UInt32Value": orNull(ScalarType.UINT32),
  "google.protobuf.BoolValue": orNull(ScalarType.BOOL),
  "google.protobuf.StringValue": orNull(ScalarType.STRING),
  "google.protobuf.BytesValue": orNull(ScalarType.BYTES),
};
