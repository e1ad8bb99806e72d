// How long a crashed service waits before it is started again (D2): 0.5 s, 1 s, 2 s … up to 10 s; 30 s of life reset that.

const firstDelayMs = 500;
const longestDelayMs = 10_000;
const resetAfterMs = 30_000;

export interface CrashBackoff {
  /** How often in a row it was started again. */
  readonly inARow: number;
  /** It lived so long before it crashed. */
  lived(ms: number): void;
  /** What is started next is something else, or wished for. */
  reset(): void;
  /** The next wait, in milliseconds. */
  next(): number;
}

/** Creates a backoff that begins with its first wait. */
export function createCrashBackoff(): CrashBackoff {
  let inARow = 0;
  return {
    get inARow() {
      return inARow;
    },
    lived(ms) {
      if (ms > resetAfterMs) inARow = 0;
    },
    reset() {
      inARow = 0;
    },
    next: () => Math.min(longestDelayMs, firstDelayMs * 2 ** inARow++),
  };
}
