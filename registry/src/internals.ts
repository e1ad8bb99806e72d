// What parts of this package need of a registry and nobody else: its requests and its settings.
import type { ConsulHttp } from "./consul/index.ts";
import type { ResolvedRegistryOptions } from "./options.ts";

export interface RegistryInternals {
  readonly http: ConsulHttp;
  readonly options: ResolvedRegistryOptions;
  /** Aborts when the registry is closed. */
  readonly closed: AbortSignal;
}

const known = new WeakMap<object, RegistryInternals>();

export function keepInternals(registry: object, internals: RegistryInternals): void {
  known.set(registry, internals);
}

/** @throws TypeError for what `createRegistry` has not made. */
export function internalsOf(registry: object): RegistryInternals {
  const internals = known.get(registry);
  if (internals !== undefined) return internals;
  throw new TypeError("Cannot use this registry as createRegistry() of this package has not made it");
}
