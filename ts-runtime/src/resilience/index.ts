export { backoff, backoffMs, type BackoffOptions } from "./backoff.ts";
export { createLatch } from "./latch.ts";
