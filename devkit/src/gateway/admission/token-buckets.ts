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

interface Bucket {
  tokens: number;
  atMs: number;
}

export function createTokenBuckets(options: TokenBucketsOptions): TokenBuckets {
  const { perSecond, burst, mostKept = 100_000, nowMs = () => performance.now() } = options;
  // In the order of their last use.
  const buckets = new Map<string, Bucket>();
  return {
    take(caller) {
      const now = nowMs();
      const bucket = buckets.get(caller) ?? { tokens: burst, atMs: now };
      buckets.delete(caller);
      buckets.set(caller, bucket);
      const [oldest] = buckets.keys();
      if (buckets.size > mostKept && oldest !== undefined) buckets.delete(oldest);
      bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.atMs) / 1_000) * perSecond);
      bucket.atMs = now;
      if (bucket.tokens < 1) {
        return { type: "empty", retryAfterMs: Math.ceil(((1 - bucket.tokens) / perSecond) * 1_000) };
      }
      bucket.tokens -= 1;
      return { type: "taken" };
    },
  };
}
