// Waiting between attempts: exponential with jitter ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
// This library stands below the runtime and so has its own.
import { setTimeout as sleep } from "node:timers/promises";

const initialMs = 100;

/** The longest wait, well under the default grace period: a returning registry finds its instances in time (R5). */
const maxBackoffMs = 2_000;

/** Waits after failed attempt number `attempt` (1, 2, 3 …); returns at once when `signal` aborts. */
export async function backoff(attempt: number, signal: AbortSignal): Promise<void> {
  const ceiling = Math.min(maxBackoffMs, initialMs * 2 ** Math.min(attempt - 1, 10));
  await pause(ceiling / 2 + (ceiling / 2) * Math.random(), signal);
}

/** Waits; returns at once, without an error, when `signal` aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
