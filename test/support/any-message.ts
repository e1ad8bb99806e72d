// Any message types, and any messages of them: all kinds of fields that protobuf has, with values that fit and now and
// then one that does not.
import { create, createFileRegistry, ScalarType, type DescField, type DescMessage } from "@bufbuild/protobuf";
import {
  Edition,
  FeatureSet_EnumType as EnumType,
  FeatureSet_FieldPresence as Presence,
  FeatureSet_MessageEncoding as Encoding,
  FeatureSet_RepeatedFieldEncoding as Repeated,
  FeatureSet_Utf8Validation as Utf8,
  FeatureSetSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FieldDescriptorProtoSchema,
  FieldOptions_JSType as JSType,
  FieldOptionsSchema,
  FileDescriptorProtoSchema,
  DescriptorProtoSchema,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
  type DescriptorProto,
  type FieldDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import * as fc from "fast-check";

/** Draws a value: see `fc.gen`. */
export type Draw = <Value>(arbitrary: fc.Arbitrary<Value>) => Value;

const imports = [file_google_protobuf_struct, file_google_protobuf_timestamp, file_google_protobuf_wrappers];
const wrappers = [
  "StringValue",
  "Int64Value",
  "UInt32Value",
  "BytesValue",
  "BoolValue",
  "DoubleValue",
] as const;
const scalarTypes = Object.values(Type).filter(
  (type): type is Type => typeof type === "number" && ![Type.GROUP, Type.MESSAGE, Type.ENUM].includes(type),
);
const type = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...scalarTypes) },
  { weight: 3, arbitrary: fc.constantFrom(Type.MESSAGE, Type.ENUM) },
);
const shape = fc.constantFrom(
  "single",
  "single",
  "optional",
  "repeated",
  "repeated",
  "map",
  "first",
  "second",
);
const number = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 20 }) },
  fc.integer({ min: 1, max: 3_000 }),
  fc.constantFrom(15, 16, 2047, 2048, 536_870_911),
);
type Syntax = "proto2" | "proto3" | "editions";

/** What makes types unlike those of most people, such as groups, in one of so many of their fields. */
const oddFields = 10;

/** A message type of any fields, which may hold another one and itself. */
export function anyType(draw: Draw): DescMessage {
  const syntax = draw(fc.constantFrom<Syntax>("proto2", "proto3", "proto3", "editions"));
  const odd = draw(fc.boolean());
  const features = create(FeatureSetSchema, {
    fieldPresence: draw(fc.constantFrom(Presence.EXPLICIT, Presence.IMPLICIT)),
    repeatedFieldEncoding: draw(fc.constantFrom(Repeated.PACKED, Repeated.EXPANDED)),
    enumType: EnumType.OPEN,
    utf8Validation: draw(fc.constantFrom(Utf8.VERIFY, Utf8.NONE)),
  });
  const file = create(FileDescriptorProtoSchema, {
    name: "any.proto",
    package: "any",
    syntax: syntax === "proto2" ? "" : syntax,
    dependency: imports.map(({ proto }) => proto.name),
    enumType: [
      {
        name: "Kind",
        value: [0, 1, 2, 300].map((number) => ({ name: `KIND_${number}`, number })),
      },
    ],
    messageType: ["First", "Second"].map((name) => messageType(draw, { name, syntax, odd })),
    ...(syntax === "editions" && { edition: Edition.EDITION_2023, options: { features } }),
  });
  const registry = createFileRegistry(file, (name) => imports.find(({ proto }) => proto.name === name));
  const desc = registry.getMessage("any.First");
  if (desc === undefined) throw new Error("There is no any.First");
  return desc;
}

interface Making {
  readonly name: string;
  readonly syntax: Syntax;
  readonly odd: boolean;
}

function messageType(draw: Draw, making: Making): DescriptorProto {
  const { name, syntax } = making;
  const message = create(DescriptorProtoSchema, { name, oneofDecl: [{ name: "first" }, { name: "second" }] });
  const numbers = draw(fc.uniqueArray(number, { minLength: 1, maxLength: 9 }));
  for (const number of numbers) {
    const field = anyField(draw, { ...making, number });
    const kind = draw(shape);
    if (kind === "repeated") {
      field.label = Label.REPEATED;
      if (draw(fc.boolean()) && isPackable(field) && syntax !== "editions")
        option(field).packed = draw(fc.boolean());
    }
    if (kind === "first" || kind === "second") field.oneofIndex = kind === "first" ? 0 : 1;
    if (kind === "map" && field.type !== Type.GROUP) {
      message.nestedType.push(mapEntry(draw, field));
      field.label = Label.REPEATED;
      field.type = Type.MESSAGE;
      field.typeName = `.any.${name}.${entryName(field)}`;
    }
    if (kind === "single" && syntax === "proto2" && draw(fc.integer({ max: 10 })) === 0)
      field.label = Label.REQUIRED;
    if (kind === "optional" && syntax === "proto3") {
      field.proto3Optional = true;
      field.oneofIndex = message.oneofDecl.length;
      message.oneofDecl.push(create(DescriptorProtoSchema, { name: `_${field.name}` }) as never);
    }
    message.field.push(field);
  }
  // A oneof has a field at least.
  for (const index of [0, 1]) {
    if (message.field.some(({ oneofIndex }) => oneofIndex === index)) continue;
    const number = 100_000 + index;
    message.field.push(
      create(FieldDescriptorProtoSchema, {
        ...named(number),
        type: Type.STRING,
        label: Label.OPTIONAL,
        oneofIndex: index,
      }),
    );
  }
  return message;
}

function anyField(
  draw: Draw,
  { syntax, odd, number }: Making & { readonly number: number },
): FieldDescriptorProto {
  const field = create(FieldDescriptorProtoSchema, {
    ...named(number),
    type: draw(type),
    label: Label.OPTIONAL,
  });
  const isOdd = odd && draw(fc.integer({ max: oddFields })) === 0;
  if (field.type === Type.ENUM) field.typeName = ".any.Kind";
  if (field.type === Type.MESSAGE) {
    field.typeName = `.any.${draw(fc.constantFrom("First", "Second"))}`;
    if (draw(fc.nat({ max: 4 })) === 0)
      field.typeName = `.google.protobuf.${draw(fc.constantFrom(...wrappers))}`;
    else if (isOdd && draw(fc.boolean()))
      field.typeName = `.google.protobuf.${draw(fc.constantFrom("Struct", "Value", "Timestamp"))}`;
    else if (isOdd && syntax === "proto2") field.type = Type.GROUP;
    else if (isOdd && syntax === "editions")
      option(field).features = create(FeatureSetSchema, { messageEncoding: Encoding.DELIMITED });
  }
  if (isOdd && [Type.INT64, Type.UINT64, Type.SINT64, Type.FIXED64, Type.SFIXED64].includes(field.type))
    option(field).jstype = JSType.JS_STRING;
  return field;
}

function named(number: number): {
  readonly name: string;
  readonly jsonName: string;
  readonly number: number;
} {
  return { name: `f${number}`, jsonName: `f${number}`, number };
}

function option(field: FieldDescriptorProto): NonNullable<FieldDescriptorProto["options"]> {
  return (field.options ??= create(FieldOptionsSchema));
}

function isPackable({ type }: FieldDescriptorProto): boolean {
  return ![Type.STRING, Type.BYTES, Type.MESSAGE, Type.GROUP].includes(type);
}

function entryName({ number }: FieldDescriptorProto): string {
  return `F${number}Entry`;
}

function mapEntry(draw: Draw, value: FieldDescriptorProto): DescriptorProto {
  const keyType = draw(
    fc.constantFrom(...scalarTypes.filter((type) => ![Type.DOUBLE, Type.FLOAT, Type.BYTES].includes(type))),
  );
  const { type, typeName } = value;
  return create(DescriptorProtoSchema, {
    name: entryName(value),
    options: { mapEntry: true },
    field: [
      { name: "key", jsonName: "key", number: 1, type: keyType, label: Label.OPTIONAL },
      { name: "value", jsonName: "value", number: 2, type, typeName, label: Label.OPTIONAL },
    ],
  });
}

const text = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 30 }) },
  { weight: 2, arbitrary: fc.string({ unit: "grapheme", maxLength: 60 }) },
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.constantFrom(
    "\uFEFFmark",
    "\uD800",
    "a\uDC00b",
    "\uFFFD",
    "é".repeat(70),
    "x".repeat(127),
    "x".repeat(128),
    "€".repeat(6_000),
  ),
);
const edges64 = fc.constantFrom(
  0n,
  1n,
  127n,
  128n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n,
  2n ** 53n,
  2n ** 63n - 1n,
);
const signed64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  edges64,
  edges64.map((value) => -value),
);
const unsigned64 = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), edges64);
const signed32 = fc.oneof(fc.integer(), fc.constantFrom(0, -0, 1, -1, 127, 128, -(2 ** 31), 2 ** 31 - 1));
const unsigned32 = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  fc.constantFrom(0, -0, 127, 128, 2 ** 32 - 1),
);
const bytes = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 120, maxLength: 140 }));

const values: Readonly<Record<ScalarType, fc.Arbitrary<unknown>>> = {
  [ScalarType.INT32]: signed32,
  [ScalarType.SINT32]: signed32,
  [ScalarType.SFIXED32]: signed32,
  [ScalarType.UINT32]: unsigned32,
  [ScalarType.FIXED32]: unsigned32,
  [ScalarType.INT64]: signed64,
  [ScalarType.SINT64]: signed64,
  [ScalarType.SFIXED64]: signed64,
  [ScalarType.UINT64]: unsigned64,
  [ScalarType.FIXED64]: unsigned64,
  [ScalarType.BOOL]: fc.boolean(),
  [ScalarType.FLOAT]: fc.float(),
  [ScalarType.DOUBLE]: fc.double(),
  [ScalarType.STRING]: text,
  [ScalarType.BYTES]: bytes,
};
const wrong = fc.oneof(
  fc.constantFrom(
    null,
    undefined,
    1.5,
    2 ** 40,
    -1,
    "12",
    "",
    "x",
    true,
    7,
    0,
    1e39,
    Infinity,
    2n ** 70n,
    -5n,
    0n,
  ),
  fc.constantFrom({}, [], { case: "f1", value: 1 }, [1, 2], new Uint8Array(3)),
);

const local = fc.constantFrom<unknown[]>(
  "text",
  "",
  5n,
  0n,
  true,
  false,
  new Uint8Array(2),
  new Uint8Array(),
  { a: [1, null, { b: "c" }] },
);

/** A message holds so many others at the most, at all depths. */
const maxMessages = 40;

/** A message of a type. One of so many values is of no kind that fits; Infinity for none. */
export function anyMessage(draw: Draw, desc: DescMessage, wrongOneOf: number): Record<string, unknown> {
  let made = 0;
  const upTo = (max: number): number => draw(fc.nat({ max }));

  const message = (desc: DescMessage, depth: number): Record<string, unknown> => {
    made++;
    const message = create(desc) as unknown as Record<string, unknown>;
    for (const member of desc.members) {
      if (upTo(3) === 0) continue;
      const field = member.kind === "oneof" ? draw(fc.constantFrom(...member.fields)) : member;
      if (field.message !== undefined && (depth > 3 || made > maxMessages)) continue;
      message[member.localName] =
        member.kind === "oneof"
          ? { case: field.localName, value: single(field, depth) }
          : content(field, depth);
    }
    if (upTo(20) === 0) message["$unknown"] = [{ no: 99_999, wireType: 2, data: new Uint8Array([2, 1, 2]) }];
    return message;
  };

  const content = (field: DescField, depth: number): unknown => {
    if (field.fieldKind === "list") return Array.from({ length: upTo(4) }, () => single(field, depth));
    if (field.fieldKind === "map") {
      const entry = (): [string, unknown] => [String(draw(values[field.mapKey])), single(field, depth)];
      return Object.fromEntries(Array.from({ length: upTo(3) }, entry));
    }
    if (isLocal(field)) return draw(fc.oneof(local, local, wrong));
    return single(field, depth);
  };

  const single = (field: DescField, depth: number): unknown => {
    if (wrongOneOf !== Infinity && upTo(wrongOneOf) === 0) return draw(wrong);
    if (field.message !== undefined) return message(field.message, depth + 1);
    if (field.scalar === undefined) return draw(fc.constantFrom(0, 1, 2, 300, 77, -1));
    const value = draw(values[field.scalar]);
    return "longAsString" in field && field.longAsString ? String(value) : value;
  };

  return message(desc, 0);
}

/** Whose message is something else in memory. */
function isLocal({ message, fieldKind }: DescField): boolean {
  return fieldKind === "message" && /^google\.protobuf\.(\w+Value|Struct)$/.test(message.typeName);
}
