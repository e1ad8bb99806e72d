// JSON Schema (2020-12) of a message in protobuf's JSON form, for forms and editors.
//
//   J1. What the schema allows, protobuf reads. It is stricter where that is lenient in more ways than people need:
//       fields by their JSON names, enums by theirs, no null for what is not set.
//   J2. Each message and enum stands once, under its full name in `$defs`: so one may contain itself.
//   J3. What a schema cannot say in its own words stands in `x-oneofs` (field names by oneof) and `x-key`, for forms.
import {
  hasOption,
  getOption,
  ScalarType,
  type DescEnum,
  type DescField,
  type DescMessage,
} from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { key } from "@samspel/runtime/gen/samspel/v1/options_pb.js";
import { commentOf, type Commented } from "./comment.ts";
import { scalarSchema } from "./scalar-schema.ts";
import { wellKnownSchemas } from "./well-known-schemas.ts";

/** A JSON value within a schema. */
type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
export type Schema = { readonly [name: string]: Json };

/**
 * The schema of a message, with all that it is made of.
 * @param comment What is said of a declaration. Default: its comment, where the descriptors have comments.
 */
export function jsonSchema(message: DescMessage, comment: (desc: Commented) => string = commentOf): Schema {
  const defs: Defs = { found: new Map(), comment };
  addMessage(message, defs);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $ref: refOf(message),
    $defs: Object.fromEntries([...defs.found].toSorted(([a], [b]) => (a < b ? -1 : 1))),
  };
}

interface Defs {
  readonly found: Map<string, Schema>;
  readonly comment: (desc: Commented) => string;
}

function refOf({ typeName }: DescMessage | DescEnum): string {
  return `#/$defs/${typeName}`;
}

function addMessage(message: DescMessage, defs: Defs): void {
  if (defs.found.has(message.typeName)) return;
  const known = wellKnownSchemas[message.typeName];
  // It stands there before its fields are looked at, which may come back to it.
  defs.found.set(message.typeName, known ?? {});
  if (known === undefined) defs.found.set(message.typeName, messageSchema(message, defs));
}

function messageSchema(message: DescMessage, defs: Defs): Schema {
  const oneofs = message.oneofs.filter(({ fields }) => fields.length > 0);
  const required = message.fields.filter(
    (field) => field.presence === FeatureSet_FieldPresence.LEGACY_REQUIRED,
  );
  return {
    title: message.name,
    ...about(message, defs),
    type: "object",
    properties: Object.fromEntries(message.fields.map((field) => [field.jsonName, fieldSchema(field, defs)])),
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required: required.map(({ jsonName }) => jsonName) }),
    ...(oneofs.length === 0
      ? {}
      : {
          allOf: oneofs.map(({ fields }) => atMostOne(fields.map(({ jsonName }) => jsonName))),
          "x-oneofs": Object.fromEntries(
            oneofs.map(({ name, fields }) => [name, fields.map(({ jsonName }) => jsonName)]),
          ),
        }),
  };
}

/** Of some properties one may be there, or none. */
function atMostOne(names: readonly string[]): Schema {
  const each = names.map((name) => ({ required: [name] }));
  return { oneOf: [...each, { not: { anyOf: each } }] };
}

function fieldSchema(field: DescField, defs: Defs): Schema {
  const said = {
    ...about(field, defs),
    ...(hasOption(field, key) && getOption(field, key) ? { "x-key": true } : {}),
  };
  switch (field.fieldKind) {
    case "list":
      return { ...said, type: "array", items: elementSchema(field, defs) };
    case "map":
      return {
        ...said,
        type: "object",
        ...mapKeySchema(field.mapKey),
        additionalProperties: elementSchema(field, defs),
      };
    case "scalar":
    case "enum":
    case "message":
      return { ...said, ...elementSchema(field, defs) };
  }
}

/** A value of a field: of a list its items, of a map its values. */
function elementSchema({ message, enum: values, scalar }: DescField, defs: Defs): Schema {
  if (message !== undefined) {
    addMessage(message, defs);
    return { $ref: refOf(message) };
  }
  if (values !== undefined) {
    if (!defs.found.has(values.typeName)) defs.found.set(values.typeName, enumSchema(values, defs));
    return { $ref: refOf(values) };
  }
  return scalarSchema(scalar ?? ScalarType.STRING);
}

function enumSchema(values: DescEnum, defs: Defs): Schema {
  // Its one value is JSON's own.
  if (values.typeName === "google.protobuf.NullValue") return { type: "null" };
  return {
    title: values.name,
    ...about(values, defs),
    type: "string",
    enum: values.values.map(({ name }) => name),
  };
}

/** Keys are always text in JSON. */
function mapKeySchema(type: ScalarType): Schema {
  if (type === ScalarType.STRING) return {};
  if (type === ScalarType.BOOL) return { propertyNames: { enum: ["true", "false"] } };
  const isUnsigned = [ScalarType.UINT32, ScalarType.UINT64, ScalarType.FIXED32, ScalarType.FIXED64].includes(
    type,
  );
  return { propertyNames: { pattern: isUnsigned ? "^[0-9]+$" : "^-?[0-9]+$" } };
}

/** Its comment, where one is known, and whether it is deprecated. */
function about(desc: DescMessage | DescField | DescEnum, defs: Defs): Schema {
  const comment = defs.comment(desc);
  return {
    ...(comment === "" ? {} : { description: comment }),
    ...(desc.deprecated ? { deprecated: true } : {}),
  };
}
