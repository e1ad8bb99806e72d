export { runUnderLease } from "./run-under-lease.ts";
