// A wake-up call that is not lost when it comes before the sleep.

export interface Latch {
  /** Ends the wait that goes on, or else the next one. */
  set(): void;
  /** Waits until the latch is set, `timeoutMs` is over or `signal` aborts, and resets the latch. */
  wait(timeoutMs: number, signal: AbortSignal): Promise<void>;
}

export function createLatch(): Latch {
  let isSet = false;
  let wake: (() => void) | undefined;
  return {
    set() {
      isSet = true;
      wake?.();
    },
    async wait(timeoutMs, signal) {
      if (!isSet && !signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        const timer = setTimeout(resolve, timeoutMs);
        signal.addEventListener("abort", wake, { once: true });
        await promise;
        clearTimeout(timer);
        signal.removeEventListener("abort", wake);
        wake = undefined;
      }
      isSet = false;
    },
  };
}
