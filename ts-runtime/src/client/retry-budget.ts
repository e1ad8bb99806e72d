// How many retries may be made, so that retries cannot turn a brown-out into a storm (C2). A token bucket after
// Finagle's RetryBudget: every call earns a fifth of a retry, and ten a second come for free, so that a quiet
// client can retry as well.

export interface RetryBudgetOptions {
  /** How many calls earn a retry. Default 5: a retry for 20 % of the calls. */
  readonly callsPerRetry?: number;
  /** Retries earned by each second. Default 10. */
  readonly perSecond?: number;
  /** For tests. Default `performance.now`. */
  readonly nowMs?: () => number;
}

export interface RetryBudget {
  /** A first attempt was made. */
  earn(): void;
  /** Whether there may be a retry; if so, it is spent. */
  spend(): boolean;
}

/** The bucket starts with one second's worth and holds ten: by default 10 and 100 retries. */
export function createRetryBudget(options: RetryBudgetOptions = {}): RetryBudget {
  const { callsPerRetry = 5, perSecond = 10, nowMs = () => performance.now() } = options;
  // Counted in calls, so that what calls earn adds up without a rounding error.
  const capacity = perSecond * callsPerRetry * 10;
  let saved = perSecond * callsPerRetry;
  let filledMs = nowMs();
  const fill = (calls: number): void => {
    const now = nowMs();
    saved = Math.min(capacity, saved + calls + ((now - filledMs) / 1_000) * perSecond * callsPerRetry);
    filledMs = now;
  };
  return {
    earn: () => fill(1),
    spend() {
      fill(0);
      if (saved < callsPerRetry) return false;
      saved -= callsPerRetry;
      return true;
    },
  };
}
