// The live instances of one proto service, for all of its watches.
//
//   W1. An instance counts if it passes its checks and is tagged with the proto service (R1).
//   W2. An empty answer after a good one is doubted: the last good set stays for `graceMs` (R5). The doubt ripens
//       only while the registry answers; a failure in between starts it anew.
//   W3. While the registry is away the last set stays, however long.
import type { RegistryError } from "../errors.ts";
import { sameInstances, type Instance } from "../instance.ts";
import type { ResolvedRegistryOptions } from "../options.ts";
import type { CatalogSources } from "./catalog.ts";
import { lastOf } from "./source.ts";

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
  protoService: string,
  catalog: CatalogSources,
  options: ResolvedRegistryOptions,
): InstanceSet {
  const { graceMs, onEvent } = options;
  const subscriptions = new Map<string, () => void>();
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
  const publish = (next: readonly Instance[]): void => {
    clearTimeout(doubt);
    doubt = undefined;
    const changed = version === 0 || !sameInstances(instances, next);
    if (changed) {
      instances = next;
      version++;
      onEvent({ type: "changed", protoService, instances: next.length });
    }
    status = { type: "live" };
    wake();
  };
  /** Follows the services that have the proto service now, and no others. */
  const follow = (names: readonly string[]): void => {
    for (const [name, leave] of subscriptions) {
      if (names.includes(name)) continue;
      leave();
      subscriptions.delete(name);
    }
    for (const name of names) {
      if (!subscriptions.has(name)) subscriptions.set(name, catalog.passing(name).subscribe(evaluate));
    }
  };

  function evaluate(): void {
    const services = lastOf(catalog.services.state);
    const names =
      services === undefined
        ? []
        : [...services.value].filter(([, tags]) => tags.includes(protoService)).map(([name]) => name);
    follow(names);
    const states = names.map((name) => catalog.passing(name).state);
    const failed = [catalog.services.state, ...states].find((state) => state.type === "unreachable");
    if (failed?.type === "unreachable") {
      clearTimeout(doubt);
      doubt = undefined;
      setStatus({ type: "unreachable", error: failed.error });
      return;
    }
    if (services === undefined) return;
    const next = states
      .flatMap((state) => lastOf(state)?.value ?? [])
      .filter((instance) => instance.protoServices.includes(protoService))
      .sort((left, right) => (left.id < right.id ? -1 : 1));
    if (next.length > 0) {
      publish(next);
    } else if (states.some((state) => state.type === "waiting")) {
      return;
    } else if (instances.length === 0) {
      publish(next);
    } else if (doubt === undefined) {
      doubt = setTimeout(() => publish([]), graceMs);
      onEvent({ type: "doubted", protoService, graceMs });
      setStatus({ type: "doubted" });
    }
  }

  const unsubscribe = catalog.services.subscribe(evaluate);
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
      unsubscribe();
      follow([]);
      clearTimeout(doubt);
      change.resolve();
    },
  };
}
