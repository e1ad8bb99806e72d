// What is done with one service, one thing after the other: the latest wish ends what is under way.
import { DevError } from "./dev-error.ts";

export interface Acts {
  /** Whether something is under way or waits. */
  readonly busy: boolean;
  /**
   * Ends what is under way, waits until it has cleaned up, then works. Rejects with the signal's reason where a later
   * wish came first.
   */
  begin<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** Creates acts of which none is under way. */
export function createActs(): Acts {
  let current = new AbortController();
  let last: Promise<unknown> = Promise.resolve();
  let pending = 0;
  return {
    get busy() {
      return pending > 0;
    },
    async begin(work) {
      current.abort(new DevError("Something else was asked for"));
      const { signal } = (current = new AbortController());
      const before = last;
      const run = (async () => {
        await before;
        signal.throwIfAborted();
        return work(signal);
      })();
      last = run.catch(() => {});
      pending++;
      try {
        return await run;
      } finally {
        pending--;
      }
    },
  };
}

/** Rejects with the reason when the act is ended by a later wish. */
export function whenEnded(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
