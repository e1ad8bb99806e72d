// What the gateway answers at this moment: rebuilt as a whole when what is open changes, and never changed meanwhile.
import type { DescMethod } from "@bufbuild/protobuf";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import type { Logger } from "@samspel/runtime/proxy";
import type { OpenService, OpenServices } from "./api/index.ts";
import { bindingsOf, createRouteTree, type RestBinding, type RouteTree } from "./rest/index.ts";

export interface RpcRoute {
  readonly method: DescMethod;
  readonly types: OpenService["types"];
  /** Answers in any of the three protocols. */
  readonly handler: UniversalHandler;
}

export interface RouteTable {
  /** By path: `/cart.v1.CartService/GetCart`. */
  readonly rpc: ReadonlyMap<string, RpcRoute>;
  /** What the gateway serves itself, by path. */
  readonly own: ReadonlyMap<string, UniversalHandler>;
  readonly rest: RouteTree<RestBinding>;
  readonly bindings: readonly RestBinding[];
  readonly services: OpenServices;
}

export interface RouteTableOptions {
  readonly handlersOf: (service: OpenService) => readonly UniversalHandler[];
  readonly own: (services: OpenServices) => readonly UniversalHandler[];
  readonly logger: Logger;
}

/** Handlers of a service that has not changed are kept from table to table. */
export function createRouteTables({
  handlersOf,
  own,
  logger,
}: RouteTableOptions): (services: OpenServices) => RouteTable {
  const known = new WeakMap<OpenService, readonly UniversalHandler[]>();
  const told = new Set<string>();
  const warn = (method: DescMethod, reason: string): void => {
    const name = `${method.parent.typeName}/${method.name}`;
    if (told.has(`${name} ${reason}`)) return;
    told.add(`${name} ${reason}`);
    logger.warn({ method: name, reason }, "a REST binding cannot be served");
  };
  return (services) => {
    const rpc = new Map<string, RpcRoute>();
    const rest = createRouteTree<RestBinding>();
    const bindings: RestBinding[] = [];
    for (const service of services.values()) {
      const handlers = known.get(service) ?? handlersOf(service);
      known.set(service, handlers);
      for (const handler of handlers) {
        rpc.set(handler.requestPath, { method: handler.method, types: service.types, handler });
      }
      const { usable, unusable } = bindingsOf(service);
      for (const { method, reason } of unusable) warn(method, reason);
      for (const binding of usable) {
        try {
          rest.add(binding.httpMethod, binding.template, binding);
          bindings.push(binding);
        } catch (error) {
          warn(binding.method, `${binding.httpMethod} ${binding.path}: ${String(error)}`);
        }
      }
    }
    return {
      rpc,
      rest,
      bindings,
      services,
      own: new Map(own(services).map((handler) => [handler.requestPath, handler])),
    };
  };
}
