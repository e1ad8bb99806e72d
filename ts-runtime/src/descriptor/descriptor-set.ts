// Descriptor sets (R3): what an instance publishes of its proto services, and a caller of those that it calls.
import {
  clone,
  create,
  createFileRegistry,
  fromBinary,
  toBinary,
  type DescFile,
  type DescService,
  type FileRegistry,
} from "@bufbuild/protobuf";
import { protoCamelCase } from "@bufbuild/protobuf/reflect";
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type DescriptorProto,
  type FieldDescriptorProto,
} from "@bufbuild/protobuf/wkt";

/**
 * The bytes of a FileDescriptorSet of all files that the services need, each after its imports, without source info.
 * The same services give the same bytes, in whatever order they come.
 */
export function descriptorSetOf(services: readonly DescService[]): Uint8Array {
  const ordered = new Set<DescFile>();
  const add = (file: DescFile): void => {
    // Imports have no circles, so a file that is begun is never reached again before it is added.
    if (ordered.has(file)) return;
    for (const dependency of file.dependencies) add(dependency);
    ordered.add(file);
  };
  for (const file of [...new Set(services.map((service) => service.file))].toSorted(byName)) add(file);
  const file = Array.from(ordered, ({ proto }) => {
    if (proto.sourceCodeInfo === undefined) return proto;
    const bare = clone(FileDescriptorProtoSchema, proto);
    delete bare.sourceCodeInfo;
    return bare;
  });
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file }));
}

/**
 * The types of a set. Fields have their JSON names also where the set has none: protoc leaves them out of what it puts into
 * generated code, and so do the sets that Python and Java publish.
 *
 * @throws Error if the bytes are no set, or one that lacks imports.
 */
export function readDescriptorSet(bytes: Uint8Array): FileRegistry {
  const set = fromBinary(FileDescriptorSetSchema, bytes);
  for (const { messageType, extension } of set.file) {
    for (const message of messageType) nameFieldsOf(message);
    for (const field of extension) nameField(field);
  }
  return createFileRegistry(set);
}

function nameFieldsOf({ field, extension, nestedType }: DescriptorProto): void {
  for (const each of [...field, ...extension]) nameField(each);
  for (const message of nestedType) nameFieldsOf(message);
}

function nameField(field: FieldDescriptorProto): void {
  if (field.jsonName === "") field.jsonName = protoCamelCase(field.name);
}

function byName(a: DescFile, b: DescFile): number {
  return a.name < b.name ? -1 : 1;
}
