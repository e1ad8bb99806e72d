// The registry as a process sees it: join, and find others.
import { createAgent, createConsulHttp } from "./consul/index.ts";
import { createDescriptors, publishingAgent, type Descriptors } from "./descriptors/index.ts";
import { RegistryError } from "./errors.ts";
import type { Instance } from "./instance.ts";
import { keepInternals } from "./internals.ts";
import { resolveRegistryOptions, type RegistryOptions } from "./options.ts";
import {
  keepRegistered,
  resolveRegistration,
  type Registration,
  type RegistrationHandle,
} from "./registration/index.ts";
import { readInstanceStates, watchStates, type InstanceState, type StatesWatch } from "./states/index.ts";
import {
  createCatalogs,
  createSharedWatches,
  resolveOnce,
  type InstanceQuery,
  type InstanceWatch,
  type ProtoServicesWatch,
  type ResolveOptions,
  watchProtoServices,
} from "./watch/index.ts";
import { createValues, type Values } from "./values/index.ts";

/** A client of one registry. Make one per process and close it at the end: it holds long polls open. */
export interface Registry extends AsyncDisposable {
  /** Where the registry is, without credentials. */
  readonly url: string;
  /** What instances serve and callers use, as descriptor sets under their hashes (R3). */
  readonly descriptors: Descriptors;
  /** Keys and values: what is set while a system runs, such as policies. */
  readonly values: Values;
  /**
   * Puts an instance into the registry and keeps it there, whatever the registry forgets, until it is deregistered
   * (R4). Resolves when it is there for the first time.
   *
   * @throws RegistryError `SAMSPEL_INVALID_CONFIGURATION` if the registry refuses it, `SAMSPEL_REGISTRY_UNREACHABLE`
   * if there was no registry for `connectTimeoutMs`.
   */
  register(registration: Registration): Promise<RegistrationHandle>;
  /**
   * Puts an instance into the registry once and leaves it there; resolves with its id. For what cannot register
   * itself: nobody puts it back where the registry forgets it, and only `remove` takes it out.
   *
   * @throws RegistryError as `register` does, at once where there is no registry.
   */
  place(registration: Registration): Promise<string>;
  /** Takes out an instance by its id, whoever registered it at this agent; one that is not there is no error. */
  remove(id: string): Promise<void>;
  /** All instances that speak gRPC, or those of one service, with what their checks say: for people who look. */
  states(service?: string): Promise<readonly InstanceState[]>;
  /**
   * All instances that speak gRPC, with what their checks say, as they change: two long polls for a whole system of any
   * size. Each watch has its own.
   */
  watchStates(): StatesWatch;
  /**
   * The live instances of a proto service, as they change, or of some of them: `{ version: "2" }` for a canary. All
   * watches of a name share one long poll (R7).
   */
  watch(protoService: string, query?: InstanceQuery): InstanceWatch;
  /** The names of all proto services that are registered, as they come and go; whether their instances live is another question. */
  watchProtoServices(): ProtoServicesWatch;
  /**
   * The live instances of a proto service now. Waits until there is one; if there is none when the time is over,
   * the answer is empty.
   */
  resolve(protoService: string, options?: ResolveOptions): Promise<readonly Instance[]>;
  /** Deregisters what it registered and ends all watches. */
  close(): Promise<void>;
}

/**
 * Creates a client of the registry; no request is made yet.
 *
 * @throws RegistryError `SAMSPEL_INVALID_CONFIGURATION` if the URL is none.
 */
export function createRegistry(options: RegistryOptions = {}): Registry {
  const resolved = resolveRegistryOptions(options);
  const http = createConsulHttp(resolved);
  const catalogs = createCatalogs(http, resolved);
  const watches = createSharedWatches(catalogs, resolved);
  const nameWatches = new Set<ProtoServicesWatch>();
  const handles = new Set<RegistrationHandle>();
  const closed = new AbortController();
  const descriptors = createDescriptors(http, closed.signal);
  const agent = publishingAgent(createAgent(http, resolved), {
    store: descriptors,
    onEvent: resolved.onEvent,
    closed: closed.signal,
  });
  const context = { http, agent, options: resolved, closed: closed.signal };
  let closing: Promise<void> | undefined;
  const whileOpen = (): void => {
    if (closing === undefined) return;
    throw new RegistryError("SAMSPEL_INVALID_CONFIGURATION", "Cannot use the registry as it is closed");
  };
  const close = async (): Promise<void> => {
    closed.abort();
    watches.close();
    for (const watch of nameWatches) watch[Symbol.dispose]();
    const ends = await Promise.allSettled([...handles].map((handle) => handle.deregister()));
    http.close();
    const failed = ends.find((end) => end.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  };
  const registry: Registry = {
    url: resolved.shownUrl,
    descriptors,
    values: createValues(http, resolved, closed.signal),
    async register(registration) {
      whileOpen();
      const handle = await keepRegistered(context, resolveRegistration(registration));
      handles.add(handle);
      // Closed meanwhile: nobody else would take the instance out.
      if (closed.signal.aborted) await handle.deregister();
      whileOpen();
      return handle;
    },
    async place(registration) {
      whileOpen();
      const placed = resolveRegistration(registration);
      await agent.register(placed);
      return placed.id;
    },
    async remove(id) {
      whileOpen();
      await agent.deregister(id);
    },
    async states(service) {
      whileOpen();
      return readInstanceStates(http, service, closed.signal);
    },
    watchStates() {
      whileOpen();
      return watchStates(http, resolved, closed.signal);
    },
    watch(protoService, query) {
      whileOpen();
      return watches.watch(protoService, query);
    },
    watchProtoServices() {
      whileOpen();
      const watch = watchProtoServices(catalogs(resolved.datacenter));
      nameWatches.add(watch);
      return watch;
    },
    async resolve(protoService, options) {
      whileOpen();
      return resolveOnce(watches.watch(protoService, options), options);
    },
    close: () => (closing ??= close()),
    async [Symbol.asyncDispose]() {
      await (closing ??= close());
    },
  };
  keepInternals(registry, { http, options: resolved, closed: closed.signal });
  return registry;
}
