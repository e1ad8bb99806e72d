// The resolver behind `consul:` targets of stock @grpc/grpc-js channels. It shares the registry's watch (R7), and so
// its rules: filters, grace, failover.
//
//   G1. The listener is never called from within the constructor or `updateResolution`, nor after `destroy`.
//   G2. Balancing is by weight, and as the context says, unless the channel brings a service config of its own.
//   G3. Without an instance, calls wait for the first one (an empty list makes both policies queue them) for
//       `waitForFirstMs`; from then on they fail at once and say why, until there is one.
//   G4. What the registry says of the proto service's policy is the channel's service config, as far as gRPC has words
//       for it, unless the channel brings one of its own. A change is told at once, with the instances as they are.
import { experimental, type ChannelOptions } from "@grpc/grpc-js";
import type { Instance } from "../instance.ts";
import type { Registry } from "../registry.ts";
import type { InstanceWatch } from "../watch/index.ts";
import { byWeight } from "./by-weight.ts";
import { parseConsulTarget, type ConsulTarget } from "./consul-target.ts";
import { noInstance } from "./no-instance.ts";
import { watchStockConfig, type StockConfigWatch } from "./service-config.ts";

type Target = experimental.GrpcUri;
type Listener = experimental.ResolverListener;
type Endpoints = experimental.StatusOr<experimental.Endpoint[]>;
type ResolverConstructor = Parameters<typeof experimental.registerResolver>[1];

export interface ResolverContext {
  /** Finds the registry of a target: of its authority (`host:port`), or the default one. */
  readonly registryOf: (authority: string | undefined) => Registry;
  readonly waitForFirstMs: number;
  /** The name of a policy. */
  readonly balancing: string;
}

export function consulResolverClass({
  registryOf,
  waitForFirstMs,
  balancing,
}: ResolverContext): ResolverConstructor {
  return class ConsulResolver implements experimental.Resolver {
    readonly #target: ConsulTarget;
    readonly #listener: Listener;
    readonly #hasOwnConfig: boolean;
    #watch: InstanceWatch | undefined;
    #config: StockConfigWatch | undefined;
    #endpoints: Endpoints | undefined;
    #givingUp: NodeJS.Timeout | undefined;

    constructor(target: Target, listener: Listener, options: ChannelOptions) {
      this.#target = parseConsulTarget(target);
      this.#listener = listener;
      this.#hasOwnConfig = (options["grpc.service_config"] ?? "") !== "";
    }

    static getDefaultAuthority(target: Target): string {
      return parseConsulTarget(target).protoService;
    }

    /** A watch brings changes by itself: only the first call begins one. */
    updateResolution(): void {
      if (this.#watch !== undefined) return;
      const { authority, protoService, query } = this.#target;
      const registry = registryOf(authority);
      const watch = registry.watch(protoService, query);
      this.#watch = watch;
      if (!this.#hasOwnConfig) {
        this.#config = watchStockConfig(registry.values, protoService, () => {
          if (this.#watch === watch && this.#endpoints !== undefined) this.#tell(this.#endpoints);
        });
      }
      // A registry that gives no answer is like one that says "none".
      this.#giveUpLater(registry.url);
      void this.#follow(watch, registry.url);
    }

    destroy(): void {
      clearTimeout(this.#givingUp);
      this.#watch?.[Symbol.dispose]();
      this.#watch = undefined;
      this.#config?.[Symbol.dispose]();
      this.#config = undefined;
    }

    async #follow(watch: InstanceWatch, url: string): Promise<void> {
      for await (const instances of watch) {
        if (this.#watch !== watch) return;
        const endpoints = byWeight(instances).map(endpointOf);
        this.#tell(experimental.statusOrFromValue(endpoints));
        if (endpoints.length === 0) {
          this.#giveUpLater(url);
        } else {
          clearTimeout(this.#givingUp);
          this.#givingUp = undefined;
        }
      }
    }

    #giveUpLater(url: string): void {
      this.#givingUp ??= setTimeout(
        () => this.#tell(experimental.statusOrFromError(noInstance(this.#target.protoService, url))),
        waitForFirstMs,
      ).unref();
    }

    #tell(endpoints: Endpoints): void {
      this.#endpoints = endpoints;
      const { loadBalancingConfig = [{ [balancing]: {} }], methodConfig = [] } = this.#config?.current ?? {};
      const config = this.#hasOwnConfig
        ? null
        : experimental.statusOrFromValue({ loadBalancingConfig, methodConfig });
      this.#listener(endpoints, {}, config, "");
    }
  };
}

function endpointOf({ address, port }: Instance): experimental.Endpoint {
  return { addresses: [{ host: address, port }] };
}
