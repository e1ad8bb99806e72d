// The resolver behind `consul:` targets of stock @grpc/grpc-js channels. It shares the registry's watch (R7).
//
//   G1. The listener is never called from within the constructor or `updateResolution`, nor after `destroy`.
//   G2. Balancing is round robin unless the channel brings a service config of its own.
//   G3. Without an instance, calls fail at once with the reason. grpc-js 1.14's round_robin would queue them for an
//       empty list and keep the old addresses for an error, so an error comes with a policy that has no past.
import { experimental, Metadata, status, type ChannelOptions } from "@grpc/grpc-js";
import type { Instance } from "../instance.ts";
import type { Registry } from "../registry.ts";
import type { InstanceWatch } from "../watch/index.ts";
import { parseConsulTarget } from "./consul-target.ts";

type Target = experimental.GrpcUri;
type Listener = experimental.ResolverListener;
type ResolverConstructor = Parameters<typeof experimental.registerResolver>[1];

/** Finds the registry of a target: of its authority (`host:port`), or the default one. */
export type RegistryOf = (authority: string | undefined) => Registry;

export function consulResolverClass(registryOf: RegistryOf): ResolverConstructor {
  return class ConsulResolver implements experimental.Resolver {
    readonly #protoService: string;
    readonly #authority: string | undefined;
    readonly #listener: Listener;
    readonly #options: ChannelOptions;
    #watch: InstanceWatch | undefined;

    constructor(target: Target, listener: Listener, options: ChannelOptions) {
      const { protoService, authority } = parseConsulTarget(target);
      this.#protoService = protoService;
      this.#authority = authority;
      this.#listener = listener;
      this.#options = options;
    }

    static getDefaultAuthority(target: Target): string {
      return parseConsulTarget(target).protoService;
    }

    /** A watch brings changes by itself: only the first call begins one. */
    updateResolution(): void {
      if (this.#watch !== undefined) return;
      const registry = registryOf(this.#authority);
      const watch = registry.watch(this.#protoService);
      this.#watch = watch;
      void this.#follow(watch, registry.url);
    }

    destroy(): void {
      this.#watch?.[Symbol.dispose]();
      this.#watch = undefined;
    }

    async #follow(watch: InstanceWatch, url: string): Promise<void> {
      for await (const instances of watch) {
        if (this.#watch !== watch) return;
        this.#tell(instances, url);
      }
    }

    #tell(instances: readonly Instance[], url: string): void {
      const missing = `no instance of ${this.#protoService} passes its checks in the registry at ${url}`;
      const endpoints: experimental.StatusOr<experimental.Endpoint[]> =
        instances.length === 0
          ? experimental.statusOrFromError({
              code: status.UNAVAILABLE,
              details: missing,
              metadata: new Metadata(),
            })
          : experimental.statusOrFromValue(
              instances.map(({ address, port }) => ({ addresses: [{ host: address, port }] })),
            );
      const own = this.#options["grpc.service_config"];
      const balancing =
        own === undefined || own === ""
          ? experimental.statusOrFromValue({
              loadBalancingConfig: [instances.length === 0 ? { pick_first: {} } : { round_robin: {} }],
              methodConfig: [],
            })
          : null;
      this.#listener(endpoints, {}, balancing, instances.length === 0 ? missing : "");
    }
  };
}
