export { backoff, backoffMs, fullJitterMs, type BackoffOptions } from "./backoff.ts";
export {
  Breaker,
  type BreakerState,
  type BreakerTerms,
  type BreakerTrip,
  type BreakerTurn,
} from "./breaker.ts";
export { Bulkhead } from "./bulkhead.ts";
export { endsWithin } from "./ends-within.ts";
export { createLatch, type Latch } from "./latch.ts";
