// All registered instances of one proto service in one datacenter, whichever services serve it (R1).
import type { RegistryError } from "../errors.ts";
import type { Candidate } from "./candidate.ts";
import type { CatalogSources } from "./catalog.ts";
import { lastOf } from "./source.ts";

type ViewState =
  /** Nothing is known yet. */
  | { readonly type: "waiting" }
  /** `complete` unless a service that may have more has not been read yet. */
  | { readonly type: "live"; readonly known: readonly Candidate[]; readonly complete: boolean }
  | { readonly type: "unreachable"; readonly error: RegistryError };

export interface ServiceView {
  state(): ViewState;
  close(): void;
}

/** Calls `listener` whenever `state` may be another, never from within. */
export function createServiceView(
  protoService: string,
  catalog: CatalogSources,
  listener: () => void,
): ServiceView {
  const subscriptions = new Map<string, () => void>();
  /** Follows the services that have the proto service now, and no others. */
  const follow = (names: readonly string[]): void => {
    for (const [name, leave] of subscriptions) {
      if (names.includes(name)) continue;
      leave();
      subscriptions.delete(name);
    }
    for (const name of names) {
      if (!subscriptions.has(name)) subscriptions.set(name, catalog.instances(name).subscribe(listener));
    }
  };
  const unsubscribe = catalog.services.subscribe(listener);
  return {
    state() {
      const services = lastOf(catalog.services.state);
      const names = services?.value.get(protoService) ?? [];
      follow(names);
      const states = names.map((name) => catalog.instances(name).state);
      const failed = [catalog.services.state, ...states].find((state) => state.type === "unreachable");
      if (failed?.type === "unreachable") return { type: "unreachable", error: failed.error };
      if (services === undefined) return { type: "waiting" };
      const known = states.flatMap((state) => lastOf(state)?.value.known ?? []);
      return {
        type: "live",
        known: known.filter(({ instance }) => instance.protoServices.includes(protoService)),
        complete: states.every((state) => state.type !== "waiting"),
      };
    },
    close() {
      unsubscribe();
      follow([]);
    },
  };
}
