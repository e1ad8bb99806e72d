export { holdLease } from "./hold-lease.ts";
export type { Lease, LeaseOptions } from "./lease.ts";
export { runUnderLease } from "./run-under-lease.ts";
export type { LeasedWork } from "./run-under-lease.ts";
