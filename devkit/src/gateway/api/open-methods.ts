// Which methods the outside may call: a method's own word, else its service's.
import { getOption, hasOption, type DescMethod, type DescService } from "@bufbuild/protobuf";
import { public$, public_service } from "@samspel/runtime/gen/samspel/v1/options_pb.js";

function isPublic(method: DescMethod): boolean {
  return hasOption(method, public$) ? getOption(method, public$) : getOption(method.parent, public_service);
}

/**
 * The methods of `service` that are public in all of its versions that live: a new one opens when its roll-out is
 * done, and one that is closed closes with the first instance that says so.
 */
export function openMethods(service: DescService, versions: readonly DescService[]): readonly DescMethod[] {
  return service.methods.filter((method) =>
    versions.every((version) => version.methods.some((same) => same.name === method.name && isPublic(same))),
  );
}
