// Calls that wait for a place. Invariants:
//   W1. There are as many as may be, and none waits for longer than it may: `waitMs`, and `standingWaitMs` where calls have
//       been waiting all the time for `standsMs`. What is short is a burst, what stands is overload (CoDel, RFC 8289).
//   W2. In a burst the first to come is the first to go. Under overload it is the last: the first has waited for so long
//       that its caller may be gone, and would be served in the place of one that has not.

const waitMs = 100;
const standingWaitMs = 20;
const standsMs = 100;

/** A call that waits. */
export interface Waiting {
  /** Its caller has gone, or its deadline is over. */
  isOver(): boolean;
  granted(): void;
  refused(): void;
}

interface Entry {
  readonly call: Waiting;
  readonly sinceMs: number;
}

export class WaitingCalls {
  #entries: Entry[] = [];
  #filledSinceMs = 0;

  get count(): number {
    return this.#entries.length;
  }

  add(call: Waiting, nowMs: number): void {
    if (this.#entries.length === 0) this.#filledSinceMs = nowMs;
    this.#entries.push({ call, sinceMs: nowMs });
  }

  /** The next that is still wanted; undefined where nobody waits. */
  take(nowMs: number): Waiting | undefined {
    const stands = this.#stands(nowMs);
    for (;;) {
      const entry = stands ? this.#entries.pop() : this.#entries.shift();
      if (entry === undefined || !entry.call.isOver()) return entry?.call;
    }
  }

  /** Turns away those that have waited for too long (W1). */
  sweep(nowMs: number): void {
    const mayMs = this.#stands(nowMs) ? standingWaitMs : waitMs;
    const firstToStay = this.#entries.findIndex(({ sinceMs }) => nowMs - sinceMs < mayMs);
    if (firstToStay === 0) return;
    const count = firstToStay === -1 ? this.#entries.length : firstToStay;
    for (const { call } of this.#entries.splice(0, count)) if (!call.isOver()) call.refused();
  }

  #stands(nowMs: number): boolean {
    return this.#entries.length > 0 && nowMs - this.#filledSinceMs >= standsMs;
  }
}
