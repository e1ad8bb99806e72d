// How many retries may be made, so that retries cannot turn a brown-out into a storm (C2). A token bucket after
// Finagle's RetryBudget: every call earns a fifth of a retry, and ten a second come for free, so that a quiet
// client can retry as well.

export interface RetryBudgetOptions {
  /** Retries earned by each call. Default 0.2. */
  readonly ratio?: number;
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
  const { ratio = 0.2, perSecond = 10, nowMs = () => performance.now() } = options;
  const capacity = perSecond * 10;
  let tokens = perSecond;
  let filledMs = nowMs();
  const fill = (earned: number): void => {
    const now = nowMs();
    tokens = Math.min(capacity, tokens + earned + ((now - filledMs) / 1_000) * perSecond);
    filledMs = now;
  };
  return {
    earn: () => fill(ratio),
    spend() {
      fill(0);
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
