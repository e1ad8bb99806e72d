// Waiting between attempts: exponential, with equal jitter (half fixed, half random), so that many clients do not
// come back at once, and none at once. After "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
import { setTimeout as sleep } from "node:timers/promises";

export interface BackoffOptions {
  /** The longest first delay. Default 100 ms. */
  readonly initialMs?: number;
  /** The longest delay of all. Default 5,000 ms. */
  readonly maxMs?: number;
  /** Growth from attempt to attempt. Default 2: 100, 200, 400 … 5,000 ms at the most. */
  readonly factor?: number;
  /** A number in [0, 1); default `Math.random`. */
  readonly random?: () => number;
}

/** How long to wait after failed attempt number `attempt` (1, 2, 3 …), in milliseconds; never under half the ceiling. */
export function backoffMs(attempt: number, options: BackoffOptions = {}): number {
  const { initialMs = 100, maxMs = 5_000, factor = 2, random = Math.random } = options;
  const ceiling = Math.min(maxMs, initialMs * factor ** (attempt - 1));
  return ceiling / 2 + (ceiling / 2) * random();
}

/**
 * The same with full jitter, as gRPC has it for its retries (gRFC A6): anything from 0 to the ceiling, so that callers that
 * failed at once spread over all of it.
 */
export function fullJitterMs(attempt: number, options: BackoffOptions = {}): number {
  const { initialMs = 100, maxMs = 5_000, factor = 2, random = Math.random } = options;
  return Math.min(maxMs, initialMs * factor ** (attempt - 1)) * random();
}

/** Waits for the backoff of an attempt; resolves at once, without an error, when `signal` aborts. */
export async function backoff(
  attempt: number,
  signal?: AbortSignal,
  options?: BackoffOptions,
): Promise<void> {
  await sleep(backoffMs(attempt, options), undefined, signal ? { signal } : {}).catch((error: unknown) => {
    if (signal?.aborted !== true) throw error;
  });
}
