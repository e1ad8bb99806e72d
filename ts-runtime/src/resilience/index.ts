export { backoff, backoffMs, type BackoffOptions } from "./backoff.ts";
export { createLatch, type Latch } from "./latch.ts";
