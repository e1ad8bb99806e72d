// The descriptor of an event as it is stored: a FileDescriptorSet, which any tool of any language reads, of the event
// message and what it reaches. What is nothing to stored events is left out, so that a change of it is none: services,
// other messages, comments, options.
import { createHash } from "node:crypto";
import {
  clearField,
  clone,
  create,
  createFileRegistry,
  fromBinary,
  toBinary,
  type DescEnum,
  type DescFile,
  type DescMessage,
} from "@bufbuild/protobuf";
import {
  DescriptorProtoSchema,
  EnumDescriptorProtoSchema,
  FieldDescriptorProtoSchema,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type DescriptorProto,
  type EnumDescriptorProto,
  type FeatureSet,
  type FieldDescriptorProto,
  type FileDescriptorProto,
  type FileDescriptorSet,
} from "@bufbuild/protobuf/wkt";

/** A descriptor as bytes, and the digest that names it. */
export interface EncodedDescriptor {
  /** The full name of the event message. */
  readonly message: string;
  readonly digest: string;
  readonly bytes: Uint8Array;
}

/** The descriptor of a message and of all that it reaches. The same message gives the same bytes. */
export function encodeDescriptor(message: DescMessage): EncodedDescriptor {
  const bytes = toBinary(FileDescriptorSetSchema, reduce(message));
  const digest = createHash("sha256").update(`${message.typeName}\n`).update(bytes).digest("base64url");
  return { message: message.typeName, digest, bytes };
}

/** A message of a FileDescriptorSet's bytes; undefined where it has none of that name. */
export function decodeDescriptor(bytes: Uint8Array, message: string): DescMessage | undefined {
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes)).getMessage(message);
}

type Type = DescMessage | DescEnum;

function reduce(message: DescMessage): FileDescriptorSet {
  const types = reach(message, new Set());
  const names = new Set(Array.from(types, ({ typeName }) => typeName));
  const files = new Set(Array.from(types, ({ file }) => file));
  return create(FileDescriptorSetSchema, {
    file: importedFirst([...files].sort(byName), files).map((file) => reduceFile(file, files, names)),
  });
}

function byName(a: DescFile, b: DescFile): number {
  return a.name < b.name ? -1 : 1;
}

function reach(type: Type, types: Set<Type>): ReadonlySet<Type> {
  if (types.has(type)) return types;
  types.add(type);
  if (type.kind === "message") {
    for (const field of type.fields) {
      const held = field.message ?? field.enum;
      if (held !== undefined) reach(held, types);
    }
  }
  return types;
}

/** Readers of a set expect each file behind its imports. */
function importedFirst(files: readonly DescFile[], wanted: ReadonlySet<DescFile>): readonly DescFile[] {
  const ordered = new Set<DescFile>();
  const seen = new Set<DescFile>();
  const add = (file: DescFile): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const dependency of file.dependencies) add(dependency);
    if (wanted.has(file)) ordered.add(file);
  };
  for (const file of files) add(file);
  return [...ordered];
}

function reduceFile(
  { proto, dependencies }: DescFile,
  files: ReadonlySet<DescFile>,
  names: ReadonlySet<string>,
): FileDescriptorProto {
  const scope = proto.package === "" ? "" : `${proto.package}.`;
  return create(FileDescriptorProtoSchema, {
    name: proto.name,
    package: proto.package,
    dependency: importsOf(dependencies, files),
    messageType: proto.messageType.flatMap((message) => reduceMessage(message, scope, names)),
    enumType: proto.enumType.flatMap((type) => reduceEnum(type, scope, names)),
    syntax: proto.syntax,
    edition: proto.edition,
    ...featuresOf(proto.options),
  });
}

/** A type may come by way of an import that is left out, as with `import public`; so the files behind it are named. */
function importsOf(dependencies: readonly DescFile[], files: ReadonlySet<DescFile>): string[] {
  const all = new Set<DescFile>();
  const add = (file: DescFile): void => {
    if (all.has(file)) return;
    all.add(file);
    for (const dependency of file.dependencies) add(dependency);
  };
  for (const file of dependencies) add(file);
  return [...all].filter((file) => files.has(file)).map(({ proto }) => proto.name);
}

/** The message where it is reached, an empty one where only what it contains is, else nothing. */
function reduceMessage(
  message: DescriptorProto,
  scope: string,
  names: ReadonlySet<string>,
): DescriptorProto[] {
  const name = `${scope}${message.name}`;
  const isReached = names.has(name);
  const nestedType = message.nestedType.flatMap((nested) =>
    isReached && nested.options?.mapEntry === true
      ? [Object.assign(clone(DescriptorProtoSchema, nested), { field: nested.field.map(reduceField) })]
      : reduceMessage(nested, `${name}.`, names),
  );
  const enumType = message.enumType.flatMap((type) => reduceEnum(type, `${name}.`, names));
  if (!isReached && nestedType.length === 0 && enumType.length === 0) return [];
  return [
    create(DescriptorProtoSchema, {
      name: message.name,
      nestedType,
      enumType,
      ...featuresOf(message.options),
      ...(isReached && {
        field: message.field.map(reduceField).sort((a, b) => a.number - b.number),
        oneofDecl: message.oneofDecl.map((oneof) => ({ name: oneof.name, ...featuresOf(oneof.options) })),
        reservedRange: message.reservedRange,
      }),
    }),
  ];
}

/** A clone, as reading a field that is not set gives its default, which would then be set. */
function reduceField(field: FieldDescriptorProto): FieldDescriptorProto {
  const reduced = clone(FieldDescriptorProtoSchema, field);
  clearField(reduced, FieldDescriptorProtoSchema.field.jsonName);
  clearField(reduced, FieldDescriptorProtoSchema.field.options);
  return Object.assign(reduced, featuresOf(field.options));
}

function reduceEnum(
  type: EnumDescriptorProto,
  scope: string,
  names: ReadonlySet<string>,
): EnumDescriptorProto[] {
  if (!names.has(`${scope}${type.name}`)) return [];
  return [
    create(EnumDescriptorProtoSchema, {
      name: type.name,
      value: type.value.map(({ name, number }) => ({ name, number })),
      reservedRange: type.reservedRange,
      ...featuresOf(type.options),
    }),
  ];
}

/** Of the options only the features of an edition say how bytes are read. */
function featuresOf(options: { readonly features?: FeatureSet | undefined } | undefined): {
  options?: { features: FeatureSet };
} {
  return options?.features === undefined ? {} : { options: { features: options.features } };
}
