// What of all proto services in the registry is open, kept fresh as instances come and versions roll. Invariants:
//   O1. A service that was known stays known while it has no instance: its callers wait for one, as it restarts.
//   O2. Of several versions that live, the one that came last says what messages look like; what is open is open in
//       all of them.
//   O3. Descriptors that cannot be had are told of once, and asked for again; the other services are not held up.
import { setTimeout as sleep } from "node:timers/promises";
import type { DescMethod } from "@bufbuild/protobuf";
import type { Instance, Registry } from "@samspel/registry";
import type { Logger } from "@samspel/runtime/proxy";
import { loadVersion, versionKeyOf, type ServiceVersion } from "./load-descriptors.ts";
import { openMethods } from "./open-methods.ts";

/** A proto service that has open methods. */
export interface OpenService extends ServiceVersion {
  readonly methods: readonly DescMethod[];
}

export type OpenServices = ReadonlyMap<string, OpenService>;

export interface Apis extends Disposable {
  /** By full name. */
  readonly current: OpenServices;
  /** Whether all that the registry had at first has been read. */
  readonly isReady: boolean;
  /** Resolves when it is. */
  readonly ready: Promise<void>;
}

export interface ApisOptions {
  readonly registry: Registry;
  readonly logger: Logger;
  /** Called after each change, not at once: changes that come together are one. */
  readonly onChange: (services: OpenServices) => void;
}

const retryMs = { first: 250, most: 10_000 };

export function followApis({ registry, logger, onChange }: ApisOptions): Apis {
  const closed = new AbortController();
  const { signal } = closed;
  const names = registry.watchProtoServices();
  const followed = new Map<string, FollowedService>();
  const ready = Promise.withResolvers<void>();
  let current: OpenServices = new Map();
  let scheduled = false;
  let isReady = false;

  const update = (): void => {
    scheduled = false;
    if (signal.aborted) return;
    const open = [...followed].flatMap(([name, { open }]) =>
      open === undefined ? [] : [[name, open] as const],
    );
    current = new Map(open);
    onChange(current);
  };
  const changed = (): void => {
    if (!scheduled) setImmediate(update);
    scheduled = true;
  };
  const followAll = async (): Promise<void> => {
    for await (const known of names) {
      const fresh = [...known].filter((name) => !followed.has(name));
      const begun = fresh.map((name) => {
        const service = followService(name, { registry, logger, signal, changed });
        followed.set(name, service);
        return service.settled;
      });
      if (isReady) continue;
      void Promise.all(begun).then(() => {
        if (isReady || signal.aborted) return;
        isReady = true;
        update();
        ready.resolve();
      });
    }
  };
  followAll().catch((error: unknown) => logger.error({ err: error }, "the watch of proto services ended"));

  return {
    get current() {
      return current;
    },
    get isReady() {
      return isReady;
    },
    ready: ready.promise,
    [Symbol.dispose]() {
      closed.abort();
      names[Symbol.dispose]();
    },
  };
}

interface FollowedService {
  /** What of it is open; undefined for nothing. */
  readonly open: OpenService | undefined;
  /** Resolves after the first try to read what it serves, or soon where it has no instance. */
  readonly settled: Promise<void>;
}

interface Following {
  readonly registry: Registry;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly changed: () => void;
}

/** An instance that is registered and not healthy must not hold up the start. */
const firstInstanceMs = 1_000;

function followService(name: string, { registry, logger, signal, changed }: Following): FollowedService {
  const settled = Promise.withResolvers<void>();
  const versions = new Map<string, ServiceVersion>();
  const told = new Set<string>();
  let open: OpenService | undefined;
  setTimeout(settled.resolve, firstInstanceMs).unref();

  const decide = (keys: readonly string[]): void => {
    const live = [...versions].filter(([key]) => keys.includes(key)).map(([, version]) => version);
    const last = live.at(-1);
    if (last === undefined) return;
    const methods = openMethods(
      last.service,
      live.map(({ service }) => service),
    );
    const next = methods.length === 0 ? undefined : { ...last, methods };
    const isSame =
      next?.service === open?.service &&
      methods.map(nameOf).join() === (open?.methods ?? []).map(nameOf).join();
    if (isSame) return;
    open = next;
    changed();
  };
  const load = async (instances: readonly Instance[], until: AbortSignal): Promise<void> => {
    // More instances mean the older version, where several come at once (O2).
    const byKey = Map.groupBy(instances, versionKeyOf);
    const sorted = [...byKey].toSorted(([, left], [, right]) => right.length - left.length);
    for (let waitMs = retryMs.first; !until.aborted; waitMs = Math.min(retryMs.most, waitMs * 2)) {
      let lacking = 0;
      for (const [key, [instance]] of sorted) {
        if (instance === undefined || versions.has(key)) continue;
        try {
          versions.set(key, await loadVersion(name, instance, { registry, signal: until }));
        } catch (error) {
          if (until.aborted) return;
          lacking++;
          if (!told.has(key)) {
            logger.warn(
              { err: error, protoService: name, instance: instance.id },
              "what an instance serves is not known",
            );
          }
          told.add(key);
        }
      }
      if (until.aborted) return;
      decide([...byKey.keys()]);
      settled.resolve();
      if (lacking === 0) return;
      await sleep(waitMs, undefined, { signal: until, ref: false }).catch(() => {});
    }
  };
  const follow = async (): Promise<void> => {
    using watch = registry.watch(name);
    signal.addEventListener("abort", () => watch[Symbol.dispose](), { once: true });
    let former = new AbortController();
    for await (const instances of watch) {
      former.abort();
      former = new AbortController();
      // None: what was known stays (O1).
      if (instances.length > 0) void load(instances, AbortSignal.any([signal, former.signal]));
    }
  };
  follow().catch((error: unknown) => logger.error({ err: error, protoService: name }, "a watch ended"));
  return {
    get open() {
      return open;
    },
    settled: settled.promise,
  };
}

function nameOf({ name }: DescMethod): string {
  return name;
}
