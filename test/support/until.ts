// Waiting for a condition, with a deadline.
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Waits until `condition` gives something else than false or undefined, and returns that.
 * @throws after `deadlineMs`, default 30,000, with what was waited for.
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  deadlineMs: number = 30_000,
): Promise<Exclude<T, false | undefined>> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value !== false && value !== undefined) return value as Exclude<T, false | undefined>;
    if (performance.now() > deadline) throw new Error(`Waited ${deadlineMs} ms in vain until ${what}`);
    await sleep(10);
  }
}
