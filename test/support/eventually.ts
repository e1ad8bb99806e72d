// Asserts what becomes true without an event to wait for: tries until it holds, or the deadline shows why not.
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Runs `attempt` until it gives no error.
 *
 * @throws the last error after 30,000 ms, with `what` in its message.
 */
export async function eventually(what: string, attempt: () => Promise<void> | void): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw new Error(`not in time: ${what}`, { cause: error });
      await sleep(20);
    }
  }
}
