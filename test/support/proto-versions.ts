// Random versions of an event, and random messages of them: two messages that hold each other, with fields of all types.
import {
  create,
  createFileRegistry,
  ScalarType,
  type DescField,
  type DescMessage,
  type Message,
} from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import * as fc from "fast-check";

/** A field of one of the two messages, which hold each other: the first is the event's case. */
export interface Field {
  readonly number: number;
  readonly name: string;
  readonly type: Exclude<Type, typeof Type.GROUP>;
  readonly label: "singular" | "optional" | "repeated" | "oneof";
}

export interface Version {
  readonly first: readonly Field[];
  readonly second: readonly Field[];
}

export const types: readonly Field["type"][] = Object.values(Type).filter(
  (type): type is Field["type"] => typeof type === "number" && type !== Type.GROUP,
);
const numbers = [1, 2, 3, 4, 5] as const;
export const type: fc.Arbitrary<Field["type"]> = fc.constantFrom(...types);
export const label: fc.Arbitrary<Field["label"]> = fc.constantFrom<Field["label"]>(
  "singular",
  "optional",
  "repeated",
  "oneof",
);
const field = (number: number): fc.Arbitrary<Field> =>
  fc.record({ number: fc.constant(number), name: fc.constant(`field_${number}`), type, label });
const fields = fc.subarray([...numbers]).chain((used) => fc.tuple(...used.map((number) => field(number))));
export const version: fc.Arbitrary<Version> = fc.record({ first: fields, second: fields });

/** Compiles a version, as protoc would. */
export function compile({ first, second }: Version, scope: string): DescMessage {
  const message = (name: string, other: string, fields: readonly Field[]): object => {
    const optional = fields.filter(({ label }) => label === "optional");
    const hasOneof = fields.some(({ label }) => label === "oneof");
    const synthetic = (field: Field): number => optional.indexOf(field) + (hasOneof ? 1 : 0);
    return {
      name,
      field: fields.map((field) => ({
        number: field.number,
        name: field.name,
        type: field.type,
        label: field.label === "repeated" ? Label.REPEATED : Label.OPTIONAL,
        ...(field.type === Type.MESSAGE && { typeName: `.${scope}.${other}` }),
        ...(field.type === Type.ENUM && { typeName: `.${scope}.Choice` }),
        ...(field.label === "oneof" && { oneofIndex: 0 }),
        ...(field.label === "optional" && { oneofIndex: synthetic(field), proto3Optional: true }),
      })),
      oneofDecl: [
        ...(hasOneof ? [{ name: "choice" }] : []),
        ...optional.map(({ name }) => ({ name: `_${name}` })),
      ],
    };
  };
  const set = create(FileDescriptorSetSchema, {
    file: [
      {
        name: `${scope}.proto`,
        package: scope,
        syntax: "proto3",
        enumType: [{ name: "Choice", value: [{ name: "NONE", number: 0 }] }],
        messageType: [
          {
            name: "Event",
            field: [
              {
                number: 1,
                name: "first",
                type: Type.MESSAGE,
                typeName: `.${scope}.First`,
                label: Label.OPTIONAL,
                oneofIndex: 0,
              },
            ],
            oneofDecl: [{ name: "event" }],
          },
          message("First", "Second", first),
          message("Second", "First", second),
        ],
      },
    ],
  });
  const event = createFileRegistry(set).getMessage(`${scope}.Event`);
  if (event === undefined) throw new Error("no event");
  return event;
}

const scalars: Readonly<Partial<Record<ScalarType, fc.Arbitrary<unknown>>>> = {
  [ScalarType.DOUBLE]: fc.double({ noNaN: true }),
  [ScalarType.FLOAT]: fc.float({ noNaN: true }),
  [ScalarType.INT64]: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  [ScalarType.SINT64]: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  [ScalarType.SFIXED64]: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  [ScalarType.UINT64]: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  [ScalarType.FIXED64]: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  [ScalarType.INT32]: fc.integer(),
  [ScalarType.SINT32]: fc.integer(),
  [ScalarType.SFIXED32]: fc.integer(),
  [ScalarType.UINT32]: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  [ScalarType.FIXED32]: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  [ScalarType.BOOL]: fc.boolean(),
  [ScalarType.STRING]: fc.string({ unit: "grapheme" }),
  [ScalarType.BYTES]: fc.uint8Array({ maxLength: 5 }),
};

/** Some message; a oneof has the last of its fields. */
export function messages(desc: DescMessage, depth: number): fc.Arbitrary<Message> {
  const values = desc.fields
    .filter((field) => depth > 0 || field.message === undefined)
    .map((field) => fc.tuple(fc.constant(field), fc.option(value(field, depth), { nil: undefined })));
  return fc.tuple(...values).map((chosen) => {
    const made = reflect(desc, create(desc));
    for (const [field, content] of chosen) {
      if (content === undefined) continue;
      if (field.fieldKind !== "list") made.set(field, content);
      else for (const item of Array.isArray(content) ? content : []) made.get(field).add(item as never);
    }
    return made.message;
  });
}

function value(field: DescField, depth: number): fc.Arbitrary<unknown> {
  const one =
    field.message === undefined
      ? field.enum === undefined
        ? scalars[field.scalar]
        : fc.integer()
      : messages(field.message, depth - 1).map((message) =>
          reflect(message.$typeName === field.message?.typeName ? field.message : field.parent, message),
        );
  if (one === undefined) throw new Error(field.name);
  return field.fieldKind === "list" ? fc.array(one, { maxLength: 3 }) : one;
}
