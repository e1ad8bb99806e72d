// Makes `consul:` targets known to @grpc/grpc-js in this process.
import { experimental } from "@grpc/grpc-js";
import { createRegistry, type Registry } from "../registry.ts";
import { consulResolverClass } from "./consul-resolver.ts";
import { registerLeastLoaded, type leastLoaded } from "./least-loaded.ts";

export interface ConsulResolverOptions {
  /** The registry of targets without an authority. Default: one made from the environment, at its first use. */
  readonly registry?: Registry;
  /**
   * How long calls wait for a first instance, from the moment that there is none. Later ones fail at once with
   * UNAVAILABLE, until there is one. Default 10,000 ms.
   */
  readonly waitForFirstMs?: number;
  /**
   * How channels without a service config of their own share their calls: by turns, or by which of two instances at random
   * has fewer of them in flight, which spares slow ones. Both heed weights. Default `round_robin`.
   */
  readonly balancing?: "round_robin" | typeof leastLoaded;
}

/** Holds the watches of the resolver's own registries. */
export interface ConsulResolverHandle extends AsyncDisposable {
  /** Closes the registries that the resolver made; the one it was given stays open. */
  close(): Promise<void>;
}

/**
 * Registers the scheme `consul` with @grpc/grpc-js, for this process: `consul:///orders.v1.OrderService` then
 * follows the passing instances of that proto service, and `consul:///orders.v1.OrderService?version=2&tag=canary`
 * those of them with that meta and tag; `dc` and `failover` name datacenters. A later call replaces an earlier one for new channels.
 */
export function registerConsulResolver(options: ConsulResolverOptions = {}): ConsulResolverHandle {
  const own = new Map<string, Registry>();
  registerLeastLoaded();
  experimental.registerResolver(
    "consul",
    consulResolverClass({
      waitForFirstMs: options.waitForFirstMs ?? 10_000,
      balancing: options.balancing ?? "round_robin",
      registryOf(authority) {
        if (authority === undefined && options.registry !== undefined) return options.registry;
        const key = authority ?? "";
        const known = own.get(key);
        if (known !== undefined) return known;
        // Without a scheme: CONSUL_HTTP_SSL decides.
        const registry = createRegistry(authority === undefined ? {} : { url: authority });
        own.set(key, registry);
        return registry;
      },
    }),
  );
  const close = async (): Promise<void> => {
    await Promise.all([...own.values()].map((registry) => registry.close()));
    own.clear();
  };
  return { close, [Symbol.asyncDispose]: close };
}
