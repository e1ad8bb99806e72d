// The services and checks of the one agent, which is also the whole catalog: there is nothing to synchronise.
//
//   A1. A write that changes nothing counts no index. A check's output alone wakes nobody, as in Consul.
//   A2. A check of a service goes with its service.
import { isDeepStrictEqual } from "node:util";
import type { CheckDefinition } from "./check-definition.ts";
import type { IndexClock } from "./index-clock.ts";

export type CheckStatus = "passing" | "warning" | "critical";

export interface ServiceEntry {
  readonly id: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
  readonly address: string;
  readonly port: number;
  readonly taggedAddresses: unknown;
  readonly weights: { readonly Passing: number; readonly Warning: number };
  readonly enableTagOverride: boolean;
  /** Whether it takes part in the mesh by itself, without a proxy. */
  readonly connectNative: boolean;
}

export interface CheckEntry {
  readonly id: string;
  readonly name: string;
  readonly notes: string;
  /** Empty for a check of the node. */
  readonly serviceId: string;
  readonly status: CheckStatus;
  readonly output: string;
  readonly definition: CheckDefinition;
}

/** With the indexes of its creation and of its last change. */
export type Indexed<T> = T & { readonly createIndex: bigint; readonly modifyIndex: bigint };

export interface AgentState {
  service(id: string): Indexed<ServiceEntry> | undefined;
  services(): readonly Indexed<ServiceEntry>[];
  /** The instances of a service; names are compared without case. */
  servicesNamed(name: string): readonly Indexed<ServiceEntry>[];
  check(id: string): Indexed<CheckEntry> | undefined;
  checks(): readonly Indexed<CheckEntry>[];
  checksOf(serviceId: string): readonly Indexed<CheckEntry>[];
  putService(entry: ServiceEntry): void;
  removeService(id: string): void;
  putCheck(entry: CheckEntry): void;
  removeCheck(id: string): void;
  setStatus(checkId: string, status: CheckStatus, output: string): void;
  /** Calls `listener` when a check has turned critical or is gone. */
  onCheckDown(listener: (checkId: string) => void): void;
}

/** What requests about services as a whole wait on. */
export const servicesResource = "services";
/** What requests about checks of all services wait on. */
export const checksResource = "checks";
/** What requests about one service's instances and their health wait on. */
export const serviceResource = (name: string): string => `service:${name.toLowerCase()}`;

export function createAgentState(clock: IndexClock): AgentState {
  const services = new Map<string, Indexed<ServiceEntry>>();
  const checks = new Map<string, Indexed<CheckEntry>>();
  const downListeners = new Set<(checkId: string) => void>();

  const resourceOf = (check: CheckEntry): string[] => {
    const service = services.get(check.serviceId);
    return service === undefined ? [] : [serviceResource(service.name)];
  };
  const down = (checkId: string): void => {
    for (const listener of downListeners) listener(checkId);
  };
  const putCheck = (entry: CheckEntry): void => {
    const before = checks.get(entry.id);
    const silent = before !== undefined && changesNothing({ ...entry, output: before.output }, before);
    const index = silent ? before.modifyIndex : clock.now + 1n;
    checks.set(entry.id, { ...entry, createIndex: before?.createIndex ?? index, modifyIndex: index });
    if (!silent) clock.touch(checksResource, ...resourceOf(entry));
    if (entry.status === "critical") down(entry.id);
  };
  const removeCheck = (id: string): void => {
    const check = checks.get(id);
    if (check === undefined) return;
    checks.delete(id);
    clock.touch(checksResource, ...resourceOf(check));
    down(id);
  };

  return {
    service: (id) => services.get(id),
    services: () => [...services.values()],
    servicesNamed: (name) =>
      [...services.values()].filter((service) => service.name.toLowerCase() === name.toLowerCase()),
    check: (id) => checks.get(id),
    checks: () => [...checks.values()],
    checksOf: (serviceId) => [...checks.values()].filter((check) => check.serviceId === serviceId),
    putService(entry) {
      const before = services.get(entry.id);
      if (before !== undefined && changesNothing(entry, before)) return;
      const index = clock.now + 1n;
      services.set(entry.id, { ...entry, createIndex: before?.createIndex ?? index, modifyIndex: index });
      clock.touch(servicesResource, serviceResource(entry.name), serviceResource(before?.name ?? entry.name));
    },
    removeService(id) {
      const service = services.get(id);
      if (service === undefined) return;
      for (const check of checks.values()) if (check.serviceId === id) removeCheck(check.id);
      services.delete(id);
      clock.touch(servicesResource, serviceResource(service.name));
    },
    putCheck,
    removeCheck,
    setStatus(checkId, status, output) {
      const check = checks.get(checkId);
      if (check !== undefined) putCheck({ ...check, status, output });
    },
    onCheckDown(listener) {
      downListeners.add(listener);
    },
  };
}

const changesNothing = <T extends object>(entry: T, before: Indexed<T>): boolean =>
  isDeepStrictEqual({ ...before, ...entry, modifyIndex: before.modifyIndex }, before);
