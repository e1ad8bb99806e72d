// What one value on the wire is: a scalar, an enum or a message. From protobuf's "Updating a message type", but only
// those of its compatible changes that lose no value: the page lets an int64 be read as an int32, cut off.
import { ScalarType, type DescEnum, type DescField, type DescMessage } from "@bufbuild/protobuf";

/** One value: of a singular field, of a list's element, of a map's value. */
export type Shape =
  | { readonly type: "scalar"; readonly scalar: ScalarType }
  | { readonly type: "enum"; readonly enum: DescEnum }
  | { readonly type: "message"; readonly message: DescMessage; readonly delimited: boolean };

/** `narrowed`: the same encoding, but not all values of the one are values of the other. */
export type ShapeChange = "fits" | "narrowed" | "changed";

/** What is encoded alike. A float is as long as a fixed32, and another number. */
const families: readonly (readonly string[])[] = [
  ["int32", "int64", "uint32", "uint64", "bool", "enum"],
  ["sint32", "sint64"],
  ["fixed32", "sfixed32"],
  ["fixed64", "sfixed64"],
  ["string", "bytes", "message"],
];

/** As what else each stored type is read without loss. */
const widenings: Readonly<Record<string, readonly string[]>> = {
  int32: ["int64", "enum"],
  uint32: ["uint64", "int64"],
  bool: ["int32", "int64", "uint32", "uint64", "enum"],
  enum: ["int32", "int64"],
  sint32: ["sint64"],
  string: ["bytes"],
  message: ["bytes"],
};

/** The shape of a field's value, or of its elements. */
export function shapeOf(field: DescField): Shape {
  if (field.message !== undefined) {
    const delimited = "delimitedEncoding" in field && field.delimitedEncoding;
    return { type: "message", message: field.message, delimited };
  }
  if (field.enum !== undefined) return { type: "enum", enum: field.enum };
  return { type: "scalar", scalar: field.scalar };
}

/** Whether a value of the one shape can be read as the other; what messages and enums hold is compared apart. */
export function compareShapes(stored: Shape, compiled: Shape): ShapeChange {
  const from = wireName(stored);
  const to = wireName(compiled);
  if (from === to) return "fits";
  if (widenings[from]?.includes(to) === true) {
    return compiled.type === "enum" && !compiled.enum.open ? "narrowed" : "fits";
  }
  return families.some((family) => family.includes(from) && family.includes(to)) ? "narrowed" : "changed";
}

function wireName(shape: Shape): string {
  if (shape.type === "message") return shape.delimited ? "group" : "message";
  return shape.type === "enum" ? "enum" : scalarName(shape.scalar);
}

function scalarName(scalar: ScalarType): string {
  return ScalarType[scalar].toLowerCase();
}

/** A field's type as a proto file has it. */
export function describe(field: DescField): string {
  const value = describeShape(shapeOf(field));
  if (field.fieldKind === "map") return `map<${scalarName(field.mapKey)}, ${value}>`;
  return field.fieldKind === "list" ? `repeated ${value}` : value;
}

function describeShape(shape: Shape): string {
  if (shape.type === "scalar") return scalarName(shape.scalar);
  if (shape.type === "enum") return `${shape.enum.open ? "" : "closed "}enum ${shape.enum.typeName}`;
  return `${shape.delimited ? "delimited " : ""}message ${shape.message.typeName}`;
}
