// Opens what the dashboard answers from, and closes it again.
import { createRegistry, type Registry } from "@samspel/registry";
import { createApiCatalog, createDynamicCaller } from "../dynamic/index.ts";
import { ownName } from "./calls/index.ts";
import type { DashboardOptions } from "./dashboard.ts";
import type { DashboardParts } from "./dashboard-service.ts";
import { createLogStore, readLine, readRecord } from "./logs/index.ts";
import { createApis, createComments } from "./methods/index.ts";
import { createTransports } from "./pass/index.ts";
import { createRegistrySystem, createSystemWatch } from "./system/index.ts";
import { openNats } from "./topics/index.ts";

export interface OpenParts extends DashboardParts, AsyncDisposable {
  readonly transports: ReturnType<typeof createTransports>;
}

export function openParts(options: DashboardOptions): OpenParts {
  const { collector, registryUrl, registryToken, natsUrl, topicPrefix = "", gatewayUrl = "" } = options;
  const registry = createRegistry({
    url: registryUrl,
    ...(registryToken === undefined ? {} : { token: registryToken }),
  });
  const states = registry.watchStates();
  const system = options.system ?? createRegistrySystem({ registry, states });
  const instances = () => states.current;
  const logs = createLogStore();
  const caller = createDynamicCaller({
    registry,
    catalog: createApiCatalog({ registry: { ...registry, states: statesOf(registry, states) } }),
    natsUrl,
    topicPrefix,
    name: ownName,
  });
  const transports = createTransports(registry, instances);
  const nats = natsUrl === undefined ? undefined : openNats(natsUrl, topicPrefix);
  const leave = [
    system.onOutput((service, { text }, atMs) => logs.add(service, readLine(text, atMs))),
    collector?.onLog((record) => logs.add(record.service, readRecord(record))),
  ];
  return {
    system,
    systemWatch: createSystemWatch({
      system,
      states,
      collector,
      gatewayUrl,
      transportTo: (instance) => transports.toInstance(instance),
    }),
    instances,
    apis: createApis(registry),
    comments: createComments(system.protoFolders()),
    nats,
    caller,
    collector,
    logs,
    transports,
    async [Symbol.asyncDispose]() {
      for (const end of leave) end?.();
      states[Symbol.dispose]();
      await nats?.[Symbol.asyncDispose]();
      await caller[Symbol.asyncDispose]();
      await transports[Symbol.asyncDispose]();
      await registry.close();
    },
  };
}

/** What is known already: to ask for a thousand services anew at each call would take a second. */
function statesOf(registry: Registry, watch: ReturnType<Registry["watchStates"]>): Registry["states"] {
  return async (service) => {
    if (watch.status !== "live") return registry.states(service);
    return service === undefined
      ? watch.current
      : watch.current.filter((instance) => instance.service === service);
  };
}
