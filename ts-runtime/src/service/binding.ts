// What a server serves: proto services and what implements them.
import type { DescService } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { validated } from "./validation/index.ts";

/** A proto service and its implementation; made by `bind`, which checks that they fit. */
export interface ServiceBinding {
  readonly service: DescService;
  readonly impl: Partial<ServiceImpl<DescService>>;
}

/**
 * Binds an implementation to its service: a missing or misspelt method does not compile. Its requests are held to the
 * rules of their proto file before it sees them.
 * @throws SAMSPEL_INVALID_CONFIGURATION for rules that cannot be understood.
 */
export function bind<S extends DescService>(service: S, impl: ServiceImpl<S>): ServiceBinding {
  return { service, impl: validated(service, impl as ServiceBinding["impl"]) };
}

/**
 * Refuses to serve one proto service twice: which of the two would answer?
 *
 * @throws TypeError that names the service.
 */
export function assertDistinct(bindings: readonly ServiceBinding[]): void {
  const seen = new Set<string>();
  for (const { service } of bindings) {
    if (seen.has(service.typeName)) {
      throw new TypeError(`Cannot serve ${service.typeName} as it is bound twice: bind each service once`);
    }
    seen.add(service.typeName);
  }
}
