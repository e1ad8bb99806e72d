// The live instances of one query, for all of its watches.
//
//   W1. An instance counts if it passes its checks and is tagged with the proto service (R1).
//   W2. An empty answer after a good one is doubted: the last good set stays for `graceMs` (R5). The doubt ripens
//       only while the registry answers; a failure in between starts it anew. There is no doubt where the registry
//       shows that it knows: instances that were not asked for, or only such as are in maintenance.
//   W3. While the registry is away the last set stays, however long.
//   W4. While the own datacenter has none, those of the first other one that has some are used, at once, as they
//       are live for certain; they are left when the own one has some again.
import type { RegistryError } from "../errors.ts";
import { sameInstances, type Instance } from "../instance.ts";
import type { ResolvedRegistryOptions } from "../options.ts";
import type { Catalogs } from "./catalog.ts";
import type { ResolvedQuery } from "./query.ts";
import { createServiceView, type ServiceView } from "./service-view.ts";

export type WatchStatus =
  /** The registry has not answered yet. */
  | { readonly type: "waiting" }
  /** The set is what the registry said last. */
  | { readonly type: "live" }
  /** The registry said "none" after it had said "some": the last good set stays for the grace period (R5). */
  | { readonly type: "doubted" }
  /** The registry does not answer: the last good set stays. */
  | { readonly type: "unreachable"; readonly error: RegistryError };

export interface InstanceSet {
  readonly instances: readonly Instance[];
  readonly status: WatchStatus;
  /** Counts the changes of `instances`; 0 before the first answer. */
  readonly version: number;
  /** Resolves at the next change of `instances` or of the status's type, and when the set is closed. */
  changed(): Promise<void>;
  close(): void;
}

export function createInstanceSet(
  query: ResolvedQuery,
  catalogs: Catalogs,
  options: ResolvedRegistryOptions,
): InstanceSet {
  const { protoService } = query;
  const { graceMs, onEvent } = options;
  const others = new Map<string, ServiceView>();
  let usedOther: string | undefined;
  let instances: readonly Instance[] = [];
  let version = 0;
  let status: WatchStatus = { type: "waiting" };
  let doubt: NodeJS.Timeout | undefined;
  let change = Promise.withResolvers<void>();

  const wake = (): void => {
    change.resolve();
    change = Promise.withResolvers<void>();
  };
  const setStatus = (next: WatchStatus): void => {
    const woken = next.type !== status.type;
    status = next;
    if (woken) wake();
  };
  const forgetDoubt = (): void => {
    clearTimeout(doubt);
    doubt = undefined;
  };
  const publish = (next: readonly Instance[]): void => {
    forgetDoubt();
    const changed = version === 0 || !sameInstances(instances, next);
    if (changed) {
      instances = next;
      version++;
      onEvent({ type: "changed", protoService, instances: next.length });
    }
    status = { type: "live" };
    wake();
  };
  const away = (error: RegistryError): void => {
    forgetDoubt();
    setStatus({ type: "unreachable", error });
  };
  const useOther = (next: string | undefined): void => {
    if (usedOther === next) return;
    usedOther = next;
    onEvent(
      next === undefined
        ? { type: "failback", protoService }
        : { type: "failover", protoService, datacenter: next },
    );
  };

  /** What another datacenter has, in the order of preference (W4). */
  const fail = (): { readonly instances: readonly Instance[]; readonly error?: RegistryError } => {
    let error: RegistryError | undefined;
    for (const datacenter of query.failoverDatacenters) {
      const view = others.get(datacenter) ?? createServiceView(protoService, catalogs(datacenter), evaluate);
      others.set(datacenter, view);
      const state = view.state();
      const found = state.type === "live" ? query.select(state.known) : [];
      if (found.length > 0) {
        useOther(datacenter);
        return { instances: found };
      }
      if (state.type === "unreachable" && usedOther === datacenter) error = state.error;
    }
    return error === undefined ? { instances: [] } : { instances: [], error };
  };
  const leaveOthers = (): void => {
    useOther(undefined);
    for (const view of others.values()) view.close();
    others.clear();
  };

  function evaluate(): void {
    const state = own.state();
    if (state.type === "unreachable") return away(state.error);
    if (state.type === "waiting") return;
    const next = query.select(state.known);
    if (next.length > 0) {
      leaveOthers();
      return publish(next);
    }
    // None so far: that is certain when all has been read.
    if (!state.complete) return;
    const other = fail();
    if (other.instances.length > 0) return publish(other.instances);
    if (other.error !== undefined) return away(other.error);
    if (instances.length === 0 || query.isCertain(state.known)) return publish([]);
    if (doubt !== undefined) return;
    doubt = setTimeout(() => publish([]), graceMs);
    onEvent({ type: "doubted", protoService, graceMs });
    setStatus({ type: "doubted" });
  }

  const own = createServiceView(protoService, catalogs(query.datacenter), evaluate);
  // The catalog may be known already, from another watch.
  evaluate();
  return {
    get instances() {
      return instances;
    },
    get status() {
      return status;
    },
    get version() {
      return version;
    },
    changed: () => change.promise,
    close() {
      own.close();
      for (const view of others.values()) view.close();
      others.clear();
      clearTimeout(doubt);
      change.resolve();
    },
  };
}
