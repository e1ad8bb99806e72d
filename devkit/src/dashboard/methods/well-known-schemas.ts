// JSON Schema of the messages that have a JSON form of their own.
import { ScalarType } from "@bufbuild/protobuf";
import type { Schema } from "./json-schema.ts";
import { scalarSchema } from "./scalar-schema.ts";

export const wellKnownSchemas: Readonly<Record<string, Schema>> = {
  "google.protobuf.Timestamp": {
    title: "Timestamp",
    type: "string",
    format: "date-time",
    pattern:
      "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$",
  },
  "google.protobuf.Duration": {
    title: "Duration",
    type: "string",
    pattern: "^-?[0-9]{1,12}(\\.[0-9]{1,9})?s$",
  },
  "google.protobuf.FieldMask": {
    title: "FieldMask",
    description: "Names of fields with commas between.",
    type: "string",
    pattern: "^([a-z][a-zA-Z0-9.]*(,[a-z][a-zA-Z0-9.]*)*)?$",
  },
  "google.protobuf.Empty": { title: "Empty", type: "object", additionalProperties: false },
  "google.protobuf.Struct": { title: "Struct", type: "object" },
  "google.protobuf.Value": { title: "Value", description: "Any JSON value." },
  "google.protobuf.ListValue": { title: "ListValue", type: "array" },
  "google.protobuf.Any": {
    title: "Any",
    description: "Any message: its full name as a URL in @type, and its fields beside.",
    type: "object",
    properties: { "@type": { type: "string", pattern: "^[^/]*/.+$" } },
  },
  "google.protobuf.StringValue": scalarSchema(ScalarType.STRING),
  "google.protobuf.BytesValue": scalarSchema(ScalarType.BYTES),
  "google.protobuf.BoolValue": scalarSchema(ScalarType.BOOL),
  "google.protobuf.Int32Value": scalarSchema(ScalarType.INT32),
  "google.protobuf.UInt32Value": scalarSchema(ScalarType.UINT32),
  "google.protobuf.Int64Value": scalarSchema(ScalarType.INT64),
  "google.protobuf.UInt64Value": scalarSchema(ScalarType.UINT64),
  "google.protobuf.FloatValue": scalarSchema(ScalarType.FLOAT),
  "google.protobuf.DoubleValue": scalarSchema(ScalarType.DOUBLE),
};
