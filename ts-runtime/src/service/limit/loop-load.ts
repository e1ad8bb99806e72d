// Whether the event loop keeps up. A Node process works on one core, so what does not fit waits outside, in the buffers of
// sockets, where no count of calls in flight sees it: a turn of the loop takes as long as what had gathered there.
// Invariants:
//   E1. A burst is no overload, nor is a garbage collection. Turns are long for `intervalMs` without an exception (CoDel,
//       RFC 8289), and then each gives `turnMs` to calls and turns the rest of them away.
//   E2. Whatever else makes turns long, calls get their `turnMs` of each.
//   E3. Time is time of the processor: where others have it, a call takes longer, and refusing another helps nobody.

/** A turn is long when it holds up a timer for so long. */
const longMs = 25;
const intervalMs = 1_000;
const turnMs = 50;

export class LoopLoad {
  readonly #workedMs: () => number;
  #longSinceMs: number | undefined;
  #workedAtTickMs: number;
  /** When the first call of this turn came, and what the thread had worked by then. */
  #first: { readonly nowMs: number; readonly workedMs: number } | undefined;

  /** @param workedMs how long this thread has had the processor, in all. */
  constructor(workedMs: () => number = workedOfThread) {
    this.#workedMs = workedMs;
    this.#workedAtTickMs = workedMs();
  }

  /** A timer has come, so much too late. */
  onTick(nowMs: number, heldUpMs: number): void {
    const workedMs = this.#workedMs();
    const isLong = heldUpMs >= longMs && workedMs - this.#workedAtTickMs >= longMs;
    this.#workedAtTickMs = workedMs;
    if (isLong) this.#longSinceMs ??= nowMs - heldUpMs;
    else this.#longSinceMs = undefined;
    this.#first = undefined;
  }

  /** Whether a call that comes now is one too many. */
  refuses(nowMs: number): boolean {
    if (this.#longSinceMs === undefined || nowMs - this.#longSinceMs < intervalMs) return false;
    if (this.#first === undefined) {
      this.#first = { nowMs, workedMs: this.#workedMs() };
      return false;
    }
    return nowMs - this.#first.nowMs >= turnMs && this.#workedMs() - this.#first.workedMs >= turnMs;
  }
}

function workedOfThread(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
