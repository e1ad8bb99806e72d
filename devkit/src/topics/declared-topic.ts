// The topics that descriptors declare.
import { getOption, hasOption, type DescMethod, type FileRegistry } from "@bufbuild/protobuf";
import { topic as topicOption } from "@samspel/runtime/gen/samspel/v1/options_pb.js";
import type { ServedProtoService } from "../dynamic/index.ts";

export interface DeclaredTopic {
  /** On the wire, such as `cart.v1.CartTopics.CheckedOut`. */
  readonly name: string;
  readonly method: DescMethod;
  /** All types of its descriptor set, for what an `Any` holds. */
  readonly types: FileRegistry;
  /** Whether it is kept nowhere. */
  readonly live: boolean;
  readonly partitions: number;
  /** The services that serve it. */
  readonly services: readonly string[];
}

const defaultPartitions = 16;

/** All topics of these proto services. */
export function topicsOf(served: readonly ServedProtoService[]): readonly DeclaredTopic[] {
  return served.flatMap(({ api, services }) =>
    api.type === "unknown"
      ? []
      : api.service.methods.flatMap((method) => declaredTopic(method, api.types, services) ?? []),
  );
}

/** The topic of a method; undefined where it is none. */
export function declaredTopic(
  method: DescMethod,
  types: FileRegistry,
  services: readonly string[],
): DeclaredTopic | undefined {
  if (!hasOption(method, topicOption)) return undefined;
  const { name, live, partitions } = getOption(method, topicOption);
  return {
    name: name === "" ? `${method.parent.typeName}.${method.name}` : name,
    method,
    types,
    live,
    partitions: live ? 0 : partitions === 0 ? defaultPartitions : partitions,
    services,
  };
}
