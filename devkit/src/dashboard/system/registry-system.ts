// A system as the registry alone shows it: for `samspel dashboard` beside a system that somebody else runs. Nothing of it
// can be controlled, and what services write is not heard.
import type { Registry, StatesWatch } from "@samspel/registry";
import { DevError, type DevSystem } from "../../dev/index.ts";

export interface RegistrySystemOptions {
  readonly registry: Registry;
  readonly states: StatesWatch;
}

export function createRegistrySystem({ registry, states }: RegistrySystemOptions): DevSystem {
  const down = (): boolean => states.status === "unreachable";
  let downSince: Date | undefined;
  return {
    name: new URL(registry.url).host,
    controllable: false,
    // Those of the registry are added to these.
    services: () => [],
    problems() {
      downSince = down() ? (downSince ?? new Date()) : undefined;
      if (downSince === undefined) return [];
      const summary = `The registry at ${registry.url} does not answer: this is what it said last`;
      return [{ service: undefined, kind: "infra", summary, detail: "", since: downSince }];
    },
    infra: () => [
      {
        name: "registry",
        url: registry.url,
        description: "a registry that runs elsewhere",
        up: states.status === "live",
      },
    ],
    onChange: (listener) => states.onChange(listener),
    onOutput: () => () => {},
    protoFolders: () => [],
    async control(service) {
      throw new DevError(`Cannot control ${service} as it was not started from here`);
    },
    configuration(service) {
      const instance = states.current.find((state) => state.service === service);
      if (instance === undefined) throw new DevError(`No service is named ${service}`);
      return Object.entries(instance.meta)
        .filter(([name]) => name !== "descriptor_sha256")
        .map(([name, value]) => ({ name, value, origin: "registry" }));
    },
  };
}
