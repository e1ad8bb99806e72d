// What the dashboard shows of a system, as plain values: what runs it knows, what the registry knows, and what passed.
import { stripVTControlCharacters } from "node:util";
import type { InstanceState } from "@samspel/registry";
import type { Traffic, TrafficReport } from "../../collector/index.ts";
import type { DevServiceState, DevServiceStatus, DevSystem } from "../../dev/index.ts";
import { withoutPassword } from "../secrets.ts";
import { rounded } from "./traffic-view.ts";

export interface InstanceView {
  readonly id: string;
  readonly address: string;
  readonly healthy: boolean;
  readonly secure: boolean;
  readonly meta: Readonly<Record<string, string>>;
  readonly pid: number;
  readonly sinceMs: number;
}

/** As `Service` of dashboard.proto. */
export interface ServiceView {
  readonly name: string;
  readonly status: DevServiceStatus;
  readonly language: string;
  readonly protoServices: readonly string[];
  readonly instances: readonly InstanceView[];
  readonly managed: boolean;
  readonly ownServices: readonly string[];
  readonly traffic: Traffic | undefined;
  readonly crashes: number;
}

/** All of a system that is no service and no edge. */
export interface RestView {
  readonly name: string;
  readonly controllable: boolean;
  readonly infra: readonly {
    readonly name: string;
    readonly url: string;
    readonly description: string;
    readonly up: boolean;
  }[];
  readonly problems: readonly {
    readonly service: string;
    readonly kind: string;
    readonly summary: string;
    readonly detail: string;
    readonly sinceMs: number;
  }[];
  readonly gatewayUrl: string;
}

export interface Known {
  readonly services: readonly DevServiceState[];
  readonly instances: readonly InstanceState[];
  readonly traffic: TrafficReport;
  /** Since when an instance is there, in milliseconds since 1970. */
  readonly sinceMs: (instance: InstanceState) => number;
  /** Which of the toolkit's own services it serves. */
  readonly ownOf: (instance: InstanceState) => readonly string[];
}

/** All services, by name. */
export function viewServices({
  services,
  instances,
  traffic,
  sinceMs,
  ownOf,
}: Known): ReadonlyMap<string, ServiceView> {
  const registered = Map.groupBy(instances, ({ service }) => service);
  const running = new Map(services.map((service) => [service.name, service]));
  const names = [...new Set([...running.keys(), ...registered.keys()])].toSorted();
  return new Map(
    names.map((name) => {
      const run = running.get(name);
      const known = registered.get(name) ?? [];
      const passed = traffic.services.get(name);
      const view: ServiceView = {
        name,
        status: run?.managed === true ? run.status : statusOf(known),
        language: known.find(({ meta }) => (meta["lang"] ?? "") !== "")?.meta["lang"] ?? "",
        protoServices: [...new Set(known.flatMap(({ protoServices }) => protoServices))].toSorted(),
        instances: known.map((instance) => viewInstance(instance, run, sinceMs(instance))),
        managed: run?.managed === true,
        ownServices: [...new Set(known.flatMap((instance) => ownOf(instance)))].toSorted(),
        traffic: passed === undefined ? undefined : rounded(passed),
        crashes: run?.crashes ?? 0,
      };
      return [name, view];
    }),
  );
}

export function viewRest(system: DevSystem, gatewayUrl: string): RestView {
  return {
    name: system.name,
    controllable: system.controllable,
    infra: system.infra().map(({ name, url, description, up }) => ({
      name,
      url: withoutPassword(url),
      description,
      up,
    })),
    problems: system.problems().map(({ service = "", kind, summary, detail, since }) => ({
      service,
      kind,
      summary: stripVTControlCharacters(summary),
      detail: stripVTControlCharacters(detail),
      sinceMs: since.getTime(),
    })),
    gatewayUrl,
  };
}

/** Of a service that was not started from here: what its checks say. */
function statusOf(instances: readonly InstanceState[]): DevServiceStatus {
  if (instances.some(isWell)) return "ready";
  if (instances.some(({ health }) => health === "maintenance")) return "draining";
  return instances.length === 0 ? "down" : "crashed";
}

function isWell({ health }: InstanceState): boolean {
  return health === "passing" || health === "warning";
}

function viewInstance(
  instance: InstanceState,
  run: DevServiceState | undefined,
  sinceMs: number,
): InstanceView {
  const { id, address, port, meta } = instance;
  const started = run?.managed === true && run.port === port ? run : undefined;
  return {
    id,
    address: `${address.includes(":") ? `[${address}]` : address}:${port}`,
    healthy: isWell(instance),
    secure: meta["secure"] === "true",
    meta,
    pid: started?.pid ?? 0,
    sinceMs: started?.pid === undefined ? sinceMs : started.since.getTime(),
  };
}
