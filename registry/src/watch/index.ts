export { parseCandidate, type Health } from "./candidate.ts";
export { createCatalogs } from "./catalog.ts";
export type { WatchStatus } from "./instance-set.ts";
export type { InstanceWatch } from "./instance-watch.ts";
export type { InstanceQuery } from "./query.ts";
export { resolveOnce, type ResolveOptions } from "./resolve.ts";
export { createSharedWatches } from "./shared-watches.ts";
export { watchProtoServices, type ProtoServicesWatch } from "./proto-services-watch.ts";
export { createSource, lastOf, type Source } from "./source.ts";
