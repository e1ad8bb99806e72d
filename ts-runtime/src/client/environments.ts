// What the calls of a process share: its connections, and for each proto service its instances and retry budget.
import type { InstanceQuery } from "@samspel/registry";
import type { Policies } from "../policy/index.ts";
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
  readonly identity?: ClientIdentity | undefined;
  readonly logger?: Logger | undefined;
  readonly policies: Policies;
  /** See `CallEnvironment`. */
  readonly timeoutMs?: number | undefined;
  /** Whether calls wait for an instance that can be reached until their deadline; see `Call`. Default false. */
  readonly holds?: boolean;
}

export interface Environments {
  /** That of a proto service, or of some of its instances. */
  of(this: void, protoService: string, query?: InstanceQuery): CallEnvironment;
  /** Closes all connections; calls in flight fail. */
  close(this: void): void;
}

export function createEnvironments(options: EnvironmentOptions): Environments {
  const { registry, identity, logger, policies, timeoutMs, holds = false } = options;
  const methodCalls = createMethodCalls(logger);
  const pool = createChannelPool(identity);
  const services = new Map<string, CallEnvironment>();
  let open = true;
  return {
    of(protoService, query) {
      if (!open) throw new TypeError(`Cannot call ${protoService} as the clients are closed`);
      const key = query === undefined ? protoService : `${protoService} ${JSON.stringify(query)}`;
      const known = services.get(key);
      if (known !== undefined) return known;
      const created: CallEnvironment = {
        instances: watchInstances(registry, { protoService, query }, pool, logger),
        budget: createRetryBudget(),
        registryUrl: registry.url,
        logger,
        holds,
        policies,
        timeoutMs,
        methodCalls,
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
