// One instance set per proto service and process (R7). A set that nobody watches lingers, so that one who resolves
// the same name call by call does not begin anew each time.
import type { ResolvedRegistryOptions } from "../options.ts";
import type { CatalogSources } from "./catalog.ts";
import { createInstanceSet, type InstanceSet } from "./instance-set.ts";
import { createInstanceWatch, type InstanceWatch } from "./instance-watch.ts";

const lingerMs = 30_000;

interface SharedSet {
  readonly set: InstanceSet;
  readonly watches: Set<InstanceWatch>;
  lingering: NodeJS.Timeout | undefined;
}

export interface SharedWatches {
  watch(protoService: string): InstanceWatch;
  close(): void;
}

export function createSharedWatches(
  catalog: CatalogSources,
  options: ResolvedRegistryOptions,
): SharedWatches {
  const sets = new Map<string, SharedSet>();
  const open = (protoService: string): SharedSet => {
    const known = sets.get(protoService);
    if (known !== undefined) return known;
    const set = createInstanceSet(protoService, catalog, options);
    const shared: SharedSet = { set, watches: new Set(), lingering: undefined };
    sets.set(protoService, shared);
    return shared;
  };
  return {
    watch(protoService) {
      const shared = open(protoService);
      clearTimeout(shared.lingering);
      const watch = createInstanceWatch(protoService, shared.set, () => {
        shared.watches.delete(watch);
        if (shared.watches.size > 0 || sets.get(protoService) !== shared) return;
        shared.lingering = setTimeout(() => {
          shared.set.close();
          sets.delete(protoService);
        }, lingerMs);
        shared.lingering.unref();
      });
      shared.watches.add(watch);
      return watch;
    },
    close() {
      for (const { set, watches, lingering } of sets.values()) {
        clearTimeout(lingering);
        for (const watch of watches) watch[Symbol.dispose]();
        set.close();
      }
      sets.clear();
    },
  };
}
