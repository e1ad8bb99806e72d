// A plain service, without an entity: a Connect implementation, made once the service's parts are there.
import type { DescService } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { bind, type ServiceBinding } from "../service/index.ts";
import type { ServiceContext } from "./service-context.ts";

/** A service on its way to the port: give it to `startService`. */
export interface Serving {
  readonly service: DescService;
  /** Binds the implementation to what the running service has. */
  bind(context: ServiceContext): ServiceBinding;
}

/**
 * Serves a proto service with a Connect implementation, or with a function that makes one from the service's clients,
 * database and log.
 */
export function serve<S extends DescService>(
  service: S,
  implementation: ServiceImpl<S> | ((context: ServiceContext) => ServiceImpl<S>),
): Serving {
  return {
    service,
    bind: (context) =>
      bind(service, typeof implementation === "function" ? implementation(context) : implementation),
  };
}
