// One instance set per query and process (R7). A set that nobody watches lingers, so that one who resolves
// the same name call by call does not begin anew each time.
import type { ResolvedRegistryOptions } from "../options.ts";
import type { Catalogs } from "./catalog.ts";
import { createInstanceSet, type InstanceSet } from "./instance-set.ts";
import { createInstanceWatch, type InstanceWatch } from "./instance-watch.ts";
import { resolveQuery, type InstanceQuery, type ResolvedQuery } from "./query.ts";

const lingerMs = 30_000;

interface SharedSet {
  readonly set: InstanceSet;
  readonly watches: Set<InstanceWatch>;
  lingering: NodeJS.Timeout | undefined;
}

export interface SharedWatches {
  watch(protoService: string, query?: InstanceQuery): InstanceWatch;
  close(): void;
}

export function createSharedWatches(catalogs: Catalogs, options: ResolvedRegistryOptions): SharedWatches {
  const sets = new Map<string, SharedSet>();
  const open = (query: ResolvedQuery): SharedSet => {
    const known = sets.get(query.key);
    if (known !== undefined) return known;
    const set = createInstanceSet(query, catalogs, options);
    const shared: SharedSet = { set, watches: new Set(), lingering: undefined };
    sets.set(query.key, shared);
    return shared;
  };
  return {
    watch(protoService, asked = {}) {
      const query = resolveQuery(protoService, asked, options);
      const shared = open(query);
      clearTimeout(shared.lingering);
      const watch = createInstanceWatch(protoService, shared.set, () => {
        shared.watches.delete(watch);
        if (shared.watches.size > 0 || sets.get(query.key) !== shared) return;
        shared.lingering = setTimeout(() => {
          shared.set.close();
          sets.delete(query.key);
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
