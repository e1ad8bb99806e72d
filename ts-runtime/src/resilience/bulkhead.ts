// A bulkhead: so much of one thing at a time, so that it cannot sink the rest. Invariants:
//   W1. Never more are inside than the limit, as it was when they came.
//   W2. Who waits is let in in the order of coming, and nobody passes by.
//   W3. Never more wait than may; who leaves the queue takes no place with him.

export interface BulkheadLimits {
  /** Infinity for no limit. */
  readonly maxInFlight: number;
  readonly maxWaiting: number;
}

/** What became of a wait. */
export type BulkheadWait = "entered" | "late" | "aborted";

export class Bulkhead {
  #inFlight = 0;
  /** In the order of coming. */
  readonly #waiting = new Set<() => void>();

  get inFlight(): number {
    return this.#inFlight;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether there was room at once; each entry is undone by one `leave`. */
  tryEnter(limits: BulkheadLimits): boolean {
    // The limit may have been raised.
    this.#admit(limits);
    if (this.#waiting.size > 0 || this.#inFlight >= limits.maxInFlight) return false;
    this.#inFlight += 1;
    return true;
  }

  /** Whether one more may wait. */
  mayWait({ maxWaiting }: BulkheadLimits): boolean {
    return this.#waiting.size < maxWaiting;
  }

  /** Waits for room, where `mayWait` says so. */
  wait(withinMs: number | undefined, signal: AbortSignal | undefined): Promise<BulkheadWait> {
    return new Promise((resolve) => {
      const end = (what: BulkheadWait): void => {
        this.#waiting.delete(enter);
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        resolve(what);
      };
      const enter = (): void => end("entered");
      const onAbort = (): void => end("aborted");
      const timer = withinMs === undefined ? undefined : setTimeout(() => end("late"), Math.max(0, withinMs));
      this.#waiting.add(enter);
      if (signal?.aborted === true) return onAbort();
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  leave(limits: BulkheadLimits): void {
    this.#inFlight -= 1;
    this.#admit(limits);
  }

  /** W2 */
  #admit({ maxInFlight }: BulkheadLimits): void {
    for (const enter of this.#waiting) {
      if (this.#inFlight >= maxInFlight) return;
      // Before it goes on: others may come meanwhile (W1).
      this.#inFlight += 1;
      enter();
    }
  }
}
