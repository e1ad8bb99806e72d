// Waiting for what becomes true without an event to wait for: a read model that catches up, a message that arrives.
import { setTimeout as sleep } from "node:timers/promises";

export interface EventuallyOptions {
  /** Default 10,000 ms. */
  readonly timeoutMs?: number;
}

const firstPauseMs = 5;
const longestPauseMs = 100;

/**
 * Runs `attempt` until it neither throws nor gives false, and returns what it gives: assertions and conditions both do.
 * @throws Error that says what was waited for, with the last failure as its cause and in its message.
 */
export async function eventually<T>(
  what: string,
  attempt: () => T | Promise<T>,
  { timeoutMs = 10_000 }: EventuallyOptions = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    let failure: unknown;
    try {
      const value = await attempt();
      if (value !== false) return value;
    } catch (error) {
      failure = error;
    }
    if (performance.now() > deadline) {
      const reason = failure instanceof Error ? `: ${failure.message}` : "";
      throw new Error(`Waited ${timeoutMs} ms in vain until ${what}${reason}`, { cause: failure });
    }
    await sleep(pauseMs);
  }
}
