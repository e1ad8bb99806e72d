// How long the calls of one method take when nothing holds them up, and whether they are held up now.
//
// The least time of a window says it, as CoDel (RFC 8289) and BBR have it: calls that take long by themselves are among
// quick ones, but where calls queue for what they need, even the quickest of them waits.

/** A window with fewer calls says nothing. */
const leastCalls = 5;
/** Calls are held up when the quickest takes this many times as long as it could, and then some. */
const tolerance = 2;
/** What no caller minds: with 5 ms, 256 callers who wait for commands of half a millisecond were too many on a busy machine. */
const slackMs = 20;

export class MethodTimes {
  /** Of all calls of the window that were noted. */
  totalMs = 0;
  #calls = 0;
  #leastMs = Infinity;
  /** The least of this period and of the one before, without the window. */
  #ofPeriodMs = Infinity;
  #ofLastPeriodMs = Infinity;

  note(tookMs: number): void {
    this.totalMs += tookMs;
    this.#calls += 1;
    if (tookMs < this.#leastMs) this.#leastMs = tookMs;
  }

  /** What the quickest call of a window may take; Infinity where nothing is known yet. */
  get mayTakeMs(): number {
    return Math.min(this.#ofPeriodMs, this.#ofLastPeriodMs) * tolerance + slackMs;
  }

  /** How much longer the quickest call of the window took than calls may: above 1 they are held up. */
  get excess(): number {
    return this.#calls < leastCalls ? 0 : this.#leastMs / this.mayTakeMs;
  }

  closeWindow(): void {
    if (this.#leastMs < this.#ofPeriodMs) this.#ofPeriodMs = this.#leastMs;
    this.#leastMs = Infinity;
    this.#calls = 0;
    this.totalMs = 0;
  }

  /** What a method did two periods ago says nothing of what it does today. */
  closePeriod(): void {
    this.#ofLastPeriodMs = this.#ofPeriodMs;
    this.#ofPeriodMs = Infinity;
  }
}
