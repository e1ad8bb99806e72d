export { backoff, backoffMs, fullJitterMs, type BackoffOptions } from "./backoff.ts";
export {
  Breaker,
  type BreakerFailure,
  type BreakerState,
  type BreakerTerms,
  type BreakerTrip,
  type BreakerTurn,
} from "./breaker.ts";
export { Bulkhead, type BulkheadLimits, type BulkheadWait } from "./bulkhead.ts";
export { endsWithin } from "./ends-within.ts";
export { createLatch, type Latch } from "./latch.ts";
