// What the calls of a process share: its connections, and for each proto service its instances and retry budget.
import { randomInt } from "node:crypto";
import type { DescService } from "@bufbuild/protobuf";
import type { InstanceQuery } from "@samspel/registry";
import type { Policies, ServicePolicy } from "../policy/index.ts";
import type { Logger } from "../telemetry/index.ts";
import type { CallEnvironment } from "./call.ts";
import { createChannelPool } from "./channel-pool.ts";
import type { InstanceSource } from "./instance-source.ts";
import { watchInstances } from "./instances.ts";
import { createMethodCalls } from "./method-calls.ts";
import { createRetryBudget } from "./retry-budget.ts";
import type { ClientIdentity } from "./security.ts";

export interface EnvironmentOptions {
  readonly registry: InstanceSource;
  readonly policies: Policies;
  /** See `CallEnvironment`. */
  readonly timeoutMs?: number | undefined;
  /** Where the process runs; empty for nowhere in particular. */
  readonly zone: string;
  readonly identity?: ClientIdentity | undefined;
  readonly logger?: Logger | undefined;
  /** Whether calls wait for an instance that can be reached until their deadline; see `Call`. Default false. */
  readonly holds?: boolean;
}

export interface Environments {
  /** That of a proto service, or of some of its instances. */
  of(this: void, service: DescService, query?: InstanceQuery): CallEnvironment;
  /** Closes all connections; calls in flight fail. */
  close(this: void): void;
}

export function createEnvironments(options: EnvironmentOptions): Environments {
  const { registry, policies, timeoutMs, zone, identity, logger, holds = false } = options;
  const pool = createChannelPool(identity);
  const methodCalls = createMethodCalls(logger);
  const seed = randomInt(2 ** 32);
  const services = new Map<string, CallEnvironment>();
  let open = true;
  return {
    of(service, query) {
      const protoService = service.typeName;
      if (!open) throw new TypeError(`Cannot call ${protoService} as the clients are closed`);
      const key = query === undefined ? protoService : `${protoService} ${JSON.stringify(query)}`;
      const known = services.get(key);
      if (known !== undefined) return known;
      const policy = (): ServicePolicy => policies.ofService(service);
      const created: CallEnvironment = {
        instances: watchInstances(registry, { protoService, query, policy, zone, seed, logger }, pool),
        policies,
        timeoutMs,
        methodCalls,
        budget: createRetryBudget(),
        registryUrl: registry.url,
        logger,
        holds,
      };
      services.set(key, created);
      return created;
    },
    close() {
      open = false;
      for (const { instances } of services.values()) instances.close();
      services.clear();
      pool.close();
    },
  };
}
