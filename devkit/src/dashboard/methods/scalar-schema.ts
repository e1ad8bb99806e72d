// JSON Schema of protobuf's scalars.
import { ScalarType } from "@bufbuild/protobuf";
import type { Schema } from "./json-schema.ts";

const int32: Schema = { type: "integer", format: "int32", minimum: -(2 ** 31), maximum: 2 ** 31 - 1 };
const uint32: Schema = { type: "integer", format: "uint32", minimum: 0, maximum: 2 ** 32 - 1 };
// Beyond 53 bits JSON has text.
const int64: Schema = { type: ["string", "integer"], format: "int64", pattern: "^-?[0-9]{1,19}$" };
const uint64: Schema = {
  type: ["string", "integer"],
  format: "uint64",
  pattern: "^[0-9]{1,20}$",
  minimum: 0,
};
const base64 = "[A-Za-z0-9+/_-]";
const bytes: Schema = {
  type: "string",
  contentEncoding: "base64",
  pattern: `^(${base64}{4})*(${base64}{2}(==)?|${base64}{3}=?)?$`,
};
const floating = (format: string): Schema => ({
  type: ["number", "string"],
  format,
  pattern: "^(NaN|-?Infinity)$",
});

/** The schema of a scalar in protobuf's JSON form. */
export function scalarSchema(type: ScalarType): Schema {
  switch (type) {
    case ScalarType.STRING:
      return { type: "string" };
    case ScalarType.BYTES:
      return bytes;
    case ScalarType.BOOL:
      return { type: "boolean" };
    case ScalarType.DOUBLE:
      return floating("double");
    case ScalarType.FLOAT:
      return floating("float");
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return int32;
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return uint32;
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return int64;
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return uint64;
  }
}
