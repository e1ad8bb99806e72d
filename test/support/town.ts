// A system of services that tell each other, on a registry, a prefix and a schema of a test's own.
import { createRegistry } from "@samspel/registry";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import {
  createClients,
  startService,
  type Clients,
  type RunningService,
  type ServiceOptions,
} from "@samspel/runtime";
import type { Test } from "tap";
import { databaseUrl, natsUrl } from "./environment.ts";
import { testSchema, testTopicPrefix } from "./isolation.ts";
import { silentLogger } from "./silent-logger.ts";

export interface Town {
  readonly registryUrl: string;
  readonly prefix: string;
  readonly schema: string;
  /** Of a process that is no service. */
  readonly clients: Clients;
  /** Starts a service, or another instance of it; it ends with the test. */
  start(this: void, options: Partial<ServiceOptions>): Promise<RunningService>;
}

/** Lays out a town; all its services have one schema. */
export async function startTown(t: Test): Promise<Town> {
  const registry = await startEmbeddedRegistry();
  t.teardown(() => registry.close());
  const prefix = testTopicPrefix(t);
  const schema = testSchema(t);
  const watcher = createRegistry({ url: registry.url });
  t.teardown(() => watcher.close());
  const clients = createClients({ registry: watcher, natsUrl: natsUrl(), topicPrefix: prefix });
  t.teardown(() => clients.close());
  return {
    registryUrl: registry.url,
    prefix,
    schema,
    clients,
    async start(options) {
      const service = await startService({
        name: "parcel",
        databaseUrl: databaseUrl(),
        natsUrl: natsUrl(),
        registryUrl: registry.url,
        topicPrefix: prefix,
        schema,
        ownsProcess: false,
        logger: silentLogger,
        ...options,
      });
      t.teardown(() => service.stop());
      return service;
    },
  };
}
