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
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

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
 * The types of a set.
 * @throws Error if the bytes are no set, or one that lacks imports.
 */
export function readDescriptorSet(bytes: Uint8Array): FileRegistry {
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes));
}

function byName(a: DescFile, b: DescFile): number {
  return a.name < b.name ? -1 : 1;
}
