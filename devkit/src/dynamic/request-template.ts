// A request to begin with: every field at a value of its type.
import { ScalarType, type DescField, type DescMessage } from "@bufbuild/protobuf";

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** Messages within messages are shown so deep; those below, and those that contain themselves, are empty. */
const maxDepth = 5;

/** The JSON of a request, indented; of a oneof only the first field. */
export function requestTemplate(message: DescMessage): string {
  return JSON.stringify(messageValue(message, []), undefined, 2);
}

function messageValue(message: DescMessage, within: readonly DescMessage[]): Json {
  const known = wellKnown[message.typeName];
  if (known !== undefined) return known;
  if (within.includes(message) || within.length >= maxDepth) return {};
  const inside = [...within, message];
  const fields = message.fields.filter(
    (field) => field.oneof === undefined || field.oneof.fields[0] === field,
  );
  return Object.fromEntries(fields.map((field) => [field.jsonName, fieldValue(field, inside)]));
}

function fieldValue(field: DescField, within: readonly DescMessage[]): Json {
  switch (field.fieldKind) {
    case "message":
      return messageValue(field.message, within);
    case "enum":
      return enumValue(field.enum.values);
    case "scalar":
      return scalarValue(field.scalar);
    case "list":
      return [elementValue(field, within)];
    case "map":
      return { [mapKey(field.mapKey)]: elementValue(field, within) };
  }
}

function mapKey(type: ScalarType): string {
  if (type === ScalarType.STRING) return "key";
  return type === ScalarType.BOOL ? "true" : "1";
}

function elementValue(
  field: DescField & { readonly fieldKind: "list" | "map" },
  within: readonly DescMessage[],
): Json {
  const kind = field.fieldKind === "list" ? field.listKind : field.mapKind;
  if (kind === "message" && field.message !== undefined) return messageValue(field.message, within);
  if (kind === "enum" && field.enum !== undefined) return enumValue(field.enum.values);
  return field.scalar === undefined ? null : scalarValue(field.scalar);
}

/** The first that means something: number 0 is what a field has that is not set. */
function enumValue(values: readonly { readonly name: string; readonly number: number }[]): Json {
  return (values.find(({ number }) => number !== 0) ?? values[0])?.name ?? 0;
}

function scalarValue(type: ScalarType): Json {
  switch (type) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return "";
    case ScalarType.BOOL:
      return false;
    // Beyond 53 bits JSON has text.
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
    case ScalarType.SINT64:
      return "0";
    default:
      return 0;
  }
}

const wellKnown: Readonly<Record<string, Json>> = {
  "google.protobuf.Timestamp": "2026-01-31T12:00:00Z",
  "google.protobuf.Duration": "1s",
  "google.protobuf.FieldMask": "",
  "google.protobuf.Struct": {},
  "google.protobuf.Value": null,
  "google.protobuf.ListValue": [],
  "google.protobuf.Any": {},
  "google.protobuf.StringValue": "",
  "google.protobuf.BytesValue": "",
  "google.protobuf.BoolValue": false,
  "google.protobuf.Int32Value": 0,
  "google.protobuf.UInt32Value": 0,
  "google.protobuf.Int64Value": "0",
  "google.protobuf.UInt64Value": "0",
  "google.protobuf.FloatValue": 0,
  "google.protobuf.DoubleValue": 0,
};
