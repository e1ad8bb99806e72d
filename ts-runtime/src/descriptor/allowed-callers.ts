// The `(samspel.v1.allow)` of a method: which services may call it.
import { getOption, hasOption, type DescMethod } from "@bufbuild/protobuf";
import { allow } from "../gen/samspel/v1/options_pb.ts";

/** The names of the services that may call a method, `*` for any; undefined where it has no rule. */
export function allowedCallers(method: DescMethod): readonly string[] | undefined {
  return hasOption(method, allow) ? getOption(method, allow).services : undefined;
}
