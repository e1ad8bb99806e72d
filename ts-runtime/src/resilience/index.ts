export { backoff, backoffMs, type BackoffOptions } from "./backoff.ts";
export { endsWithin } from "./ends-within.ts";
export { createLatch, type Latch } from "./latch.ts";
