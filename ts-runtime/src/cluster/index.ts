export { assignRanges } from "./assign-ranges.ts";
export type { Cluster, HeldRange, ShareOptions } from "./cluster.ts";
export { createCluster, type ClusterOptions } from "./create-cluster.ts";
export { parseRangeName, rangeCount, rangeName, rangeOf } from "./ranges.ts";
