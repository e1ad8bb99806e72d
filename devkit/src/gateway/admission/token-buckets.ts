// Rates, by a token bucket for each caller. Invariants:
//   R1. What is kept is bounded: of more callers than `mostKept`, who called longest ago is forgotten, and begins anew
//       with a full bucket.
//   R2. Each gateway counts for itself: with several, a caller may have the rate at each of them.

export interface TokenBuckets {
  /** Takes a token for a caller; else, in how many milliseconds there is one. */
  take(
    caller: string,
  ): { readonly type: "taken" } | { readonly type: "empty"; readonly retryAfterMs: number };
}

export interface TokenBucketsOptions {
  readonly perSecond: number;
  readonly burst: number;
  readonly mostKept?: number;
  /** For tests. Default `performance.now`. */
  readonly nowMs?: () => number;
}

export function createTokenBuckets(options: TokenBucketsOptions): TokenBuckets {
  const { perSecond, burst, mostKept = 100_000, nowMs = () => performance.now() } = options;
  const everyMs = 1_000 / perSecond;
  // When each bucket will be full, in the order of their last use: one number says all of a bucket, without the rounding
  // of tokens that are added up.
  const fullAtMs = new Map<string, number>();
  return {
    take(caller) {
      const now = nowMs();
      const fullAt = Math.max(now, fullAtMs.get(caller) ?? now);
      const retryAfterMs = Math.ceil(fullAt - now - (burst - 1) * everyMs);
      fullAtMs.delete(caller);
      fullAtMs.set(caller, retryAfterMs > 0 ? fullAt : fullAt + everyMs);
      const [oldest] = fullAtMs.keys();
      if (fullAtMs.size > mostKept && oldest !== undefined) fullAtMs.delete(oldest);
      return retryAfterMs > 0 ? { type: "empty", retryAfterMs } : { type: "taken" };
    },
  };
}
