// How many calls a server works on at a time, found out while it works. After Netflix' concurrency-limits
// (https://github.com/Netflix/concurrency-limits, Vegas and Gradient2): the limit rises while it is used and calls are
// not held up, and falls by as much as they are. What "held up" means is said of each method by itself, so that slow
// methods beside quick ones are no sign of load. Invariants:
//   D1. The limit falls only when the methods that hold most of the places are held up, and by as much as they are: by
//       Little's law so many fewer calls wait so much less. What is told of it next is told by calls that began afterwards.
//   D2. It falls to `min` at least, and rises to `max` at most.
//   D3. Where it was reached, what a call takes without a queue is looked at again each period, with a quarter of the
//       places: a queue that stands for long does not become what is usual (BBR's probe).
import type { MethodTimes } from "./method-times.ts";

export interface AdaptiveLimitOptions {
  /** What it begins with. */
  readonly initial: number;
  readonly min: number;
  readonly max: number;
}

const windowMs = 100;
const longestWindowMs = 1_000;
const enoughCalls = 20;
const periodMs = 30_000;
const lowestFactor = 0.1;
const growth = 1.1;
const probeShare = 0.25;

export class AdaptiveLimit {
  /** Calls that hold a place. */
  inFlight = 0;
  readonly #min: number;
  readonly #max: number;
  #limit: number;
  #isProbing = false;
  #windowStartMs: number;
  #periodStartMs: number;
  #calls = 0;
  #peak = 0;
  /** Within the period. */
  #wasReached = false;
  /** Calls that began before say nothing of it (D1). */
  #changedMs: number;
  readonly #seen = new Set<MethodTimes>();
  readonly #known = new Set<MethodTimes>();

  constructor({ initial, min, max }: AdaptiveLimitOptions, nowMs: number) {
    this.#limit = initial;
    this.#min = min;
    this.#max = max;
    this.#windowStartMs = nowMs;
    this.#periodStartMs = nowMs;
    this.#changedMs = nowMs;
  }

  /** How many calls may hold a place now. */
  get limit(): number {
    return Math.floor(this.#isProbing ? Math.max(this.#min, this.#limit * probeShare) : this.#limit);
  }

  get isReached(): boolean {
    return this.inFlight >= this.limit;
  }

  begin(): void {
    this.inFlight += 1;
    if (this.inFlight > this.#peak) this.#peak = this.inFlight;
  }

  /** A call was turned away, or had to wait. */
  noteReached(): void {
    this.#wasReached = true;
  }

  /** A place is free again; how long it was held says nothing. */
  leave(): void {
    this.inFlight -= 1;
  }

  /**
   * A call that began at `startMs` is over. One that was cut short, by its deadline or by a failure, would have taken
   * longer: it tells something where it has taken too long already.
   */
  end(times: MethodTimes, startMs: number, nowMs: number, isWhole: boolean = true): void {
    this.inFlight -= 1;
    if (startMs < this.#changedMs) return;
    const tookMs = nowMs - startMs;
    if (!isWhole && tookMs < times.mayTakeMs) return;
    times.note(tookMs);
    this.#seen.add(times);
    this.#calls += 1;
    const sinceMs = nowMs - this.#windowStartMs;
    if (sinceMs < windowMs || (this.#calls < enoughCalls && sinceMs < longestWindowMs)) return;
    this.#closeWindow(nowMs);
  }

  #closeWindow(nowMs: number): void {
    if (this.#isProbing) {
      this.#isProbing = false;
      this.#changedMs = nowMs;
    } else {
      this.#adapt(nowMs);
    }
    for (const times of this.#seen) {
      times.closeWindow();
      this.#known.add(times);
    }
    this.#seen.clear();
    this.#calls = 0;
    this.#peak = this.inFlight;
    this.#windowStartMs = nowMs;
    if (nowMs - this.#periodStartMs >= periodMs) this.#closePeriod(nowMs);
  }

  #adapt(nowMs: number): void {
    let totalMs = 0;
    let heldUpMs = 0;
    let excess = 1;
    for (const times of this.#seen) {
      totalMs += times.totalMs;
      if (times.excess <= 1) continue;
      heldUpMs += times.totalMs;
      excess = Math.max(excess, times.excess);
    }
    if (heldUpMs * 2 > totalMs) {
      // Where calls are held up with fewer of them than the limit allows, it was too high by that, too.
      const used = Math.min(this.#limit, this.#peak);
      this.#limit = Math.max(this.#min, used * Math.max(lowestFactor, 1 / excess));
      this.#changedMs = nowMs;
    } else if (this.#peak * 2 >= this.#limit) {
      this.#limit = Math.min(this.#max, this.#limit * growth + 1);
    }
  }

  /** D3 */
  #closePeriod(nowMs: number): void {
    this.#periodStartMs = nowMs;
    for (const times of this.#known) times.closePeriod();
    this.#known.clear();
    if (!this.#wasReached) return;
    this.#wasReached = false;
    this.#isProbing = true;
    this.#changedMs = nowMs;
  }
}
