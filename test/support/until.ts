// Waiting for a condition, with a deadline.
import { setTimeout as sleep } from "node:timers/promises";

/** A wait that ends well costs nothing more, so a slow or busy machine gets several times as long. */
const patience = 3;

/**
 * Waits until `condition` gives something else than false or undefined, and returns that.
 * @throws after three times `usualMs`, default 30,000, which an idle machine never needs, with what was waited for.
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  usualMs: number = 30_000,
): Promise<Exclude<T, false | undefined>> {
  const allMs = patience * usualMs;
  const deadline = performance.now() + allMs;
  for (;;) {
    const value = await condition();
    if (value !== false && value !== undefined) return value as Exclude<T, false | undefined>;
    if (performance.now() > deadline) throw new Error(`Waited ${allMs} ms in vain until ${what}`);
    await sleep(10);
  }
}
