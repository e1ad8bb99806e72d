// A descriptor set made of single files, as reflection gives them, or of a set that is larger than needed.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { descriptorSetOf, readDescriptorSet } from "@samspel/runtime/compatibility";

export function parseFile(bytes: Uint8Array): FileDescriptorProto {
  return fromBinary(FileDescriptorProtoSchema, bytes);
}

/**
 * The set of what the services need, each file after its imports.
 * @throws Error that says what does not fit: an import or a service that is missing.
 */
export function setOf(files: readonly FileDescriptorProto[], protoServices: readonly string[]): Uint8Array {
  const byName = new Map(files.map((file) => [file.name, file]));
  const ordered = new Set<FileDescriptorProto>();
  const add = (file: FileDescriptorProto): void => {
    if (ordered.has(file)) return;
    for (const name of file.dependency) {
      const imported = byName.get(name);
      if (imported === undefined) throw new Error(`${file.name} imports ${name}, which is missing`);
      add(imported);
    }
    ordered.add(file);
  };
  for (const file of files) add(file);
  const all = toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: [...ordered] }));
  const registry = readDescriptorSet(all);
  return descriptorSetOf(
    protoServices.map((name) => {
      const service = registry.getService(name);
      if (service === undefined) throw new Error(`the service ${name} is missing`);
      return service;
    }),
  );
}
