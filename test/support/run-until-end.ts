// What runs until it is told to stop: subscriptions, publications, projections.
import type { Test } from "tap";

/** Starts the work; the returned function stops it and waits for its end, which comes with the test's at the latest. */
export function runUntilEnd(t: Test, work: (signal: AbortSignal) => Promise<void>): () => Promise<void> {
  const stop = new AbortController();
  const running = work(stop.signal);
  running.catch(() => {}); // told by whoever waits for the end
  const end = async (): Promise<void> => {
    stop.abort();
    await running;
  };
  t.teardown(end);
  return end;
}
