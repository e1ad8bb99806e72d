export { createCatalogSources, parseInstance } from "./catalog.ts";
export type { WatchStatus } from "./instance-set.ts";
export type { InstanceWatch } from "./instance-watch.ts";
export { resolveOnce, type ResolveOptions } from "./resolve.ts";
export { createSharedWatches } from "./shared-watches.ts";
