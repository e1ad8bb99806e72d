// The descriptors of a service as if its proto file made all of it public: so a gateway has it.
import { create, fromBinary, setExtension, toBinary, type DescService } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema, ServiceOptionsSchema } from "@bufbuild/protobuf/wkt";
import { descriptorSetOf } from "@samspel/runtime/compatibility";
import { public_service } from "@samspel/runtime/gen/samspel/v1/options_pb.js";

export function openDescriptors(service: DescService): Uint8Array {
  const set = fromBinary(FileDescriptorSetSchema, descriptorSetOf([service]));
  for (const one of set.file.flatMap(({ service }) => service)) {
    one.options ??= create(ServiceOptionsSchema);
    setExtension(one.options, public_service, true);
  }
  return toBinary(FileDescriptorSetSchema, set);
}
