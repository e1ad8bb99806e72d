// A circuit breaker: what fails is left alone for a while, and tried again with one call (C4). After Nygard, "Release It!",
// with a sliding window. Invariants:
//   K1. Closed, it opens when at least `minCalls` ended within the window and `failureRatio` of them failed.
//   K2. Open, it lets nothing through for `openMs`.
//   K3. Then it is half-open: one probe at a time. A probe that goes well closes it, with an empty window; one that fails
//       opens it again, for twice as long as before and `maxOpenMs` at most; one whose caller leaves says nothing, and one
//       that is silent for as long as it was open holds up no other.
//   K4. A call counts only in the state that it began in: what fails late neither opens anew nor ends a probe.
import { SlidingWindow } from "./sliding-window.ts";

/** When it opens, and for how long; a change holds from the next call on. */
export interface BreakerTerms {
  /** Above 0 and at most 1. */
  readonly failureRatio: number;
  readonly minCalls: number;
  readonly windowMs: number;
  readonly openMs: number;
  readonly maxOpenMs: number;
}

/** Why it opened. */
export interface BreakerTrip {
  /** As `performance.now()`, of the first opening since it was closed. */
  readonly sinceMs: number;
  /** What ended within the window then, and how much of it failed. */
  readonly calls: number;
  readonly failures: number;
  /** The last failure's own words. */
  readonly reason: string;
}

export type BreakerState =
  | { readonly type: "closed" }
  | { readonly type: "open"; readonly trip: BreakerTrip; readonly forMs: number; readonly untilMs: number }
  | {
      readonly type: "half-open";
      readonly trip: BreakerTrip;
      readonly forMs: number;
      /** When the probe began; undefined where none is under way. */
      readonly probeMs: number | undefined;
    };

/** What a call gets when it begins, to end it by. */
export type BreakerTurn = number;

const closed: BreakerState = { type: "closed" };

export class Breaker {
  #state: BreakerState = closed;
  /** Goes on with each change of state and each probe (K4). */
  #turn: BreakerTurn = 0;
  readonly #window = new SlidingWindow();
  readonly #onChange: (state: BreakerState) => void;

  /** @param onChange told of each change, once; it must not throw. */
  constructor(onChange: (state: BreakerState) => void = () => {}) {
    this.#onChange = onChange;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Whether a call may begin now. */
  allows(nowMs: number): boolean {
    return this.#state === closed || nowMs >= this.allowsFromMs;
  }

  /** From when on it may let a call through, if nothing changes before. */
  get allowsFromMs(): number {
    const state = this.#state;
    if (state.type === "closed") return -Infinity;
    if (state.type === "open") return state.untilMs;
    return state.probeMs === undefined ? -Infinity : state.probeMs + state.forMs;
  }

  /** A call that it allows begins. */
  begin(nowMs: number): BreakerTurn {
    const state = this.#state;
    if (state.type === "closed") return this.#turn;
    // K3
    const { trip, forMs } = state;
    this.#turn += 1;
    this.#state = { type: "half-open", trip, forMs, probeMs: nowMs };
    if (state.type === "open") this.#onChange(this.#state);
    return this.#turn;
  }

  /** A stream has begun to answer: the probe has gone well, however long it goes on. */
  heard(turn: BreakerTurn): void {
    if (turn === this.#turn && this.#state.type === "half-open") this.#close();
  }

  succeeded(turn: BreakerTurn, terms: BreakerTerms, nowMs: number): void {
    if (turn !== this.#turn) return;
    if (this.#state.type === "half-open") this.#close();
    else if (this.#state === closed) this.#window.record(false, terms.windowMs, nowMs);
  }

  failed(turn: BreakerTurn, terms: BreakerTerms, { nowMs, reason }: BreakerFailure): void {
    if (turn !== this.#turn) return;
    const state = this.#state;
    if (state.type === "half-open") {
      const trip = { ...state.trip, reason };
      return this.#open(trip, Math.min(terms.maxOpenMs, state.forMs * 2), nowMs);
    }
    if (state.type === "open") return;
    const window = this.#window;
    window.record(true, terms.windowMs, nowMs);
    const { calls, failures } = window;
    // K1
    if (calls < terms.minCalls || failures < terms.failureRatio * calls) return;
    this.#open({ sinceMs: nowMs, calls, failures, reason }, Math.min(terms.maxOpenMs, terms.openMs), nowMs);
  }

  /** A call ended by its caller's will, which says nothing. */
  left(turn: BreakerTurn): void {
    if (turn !== this.#turn || this.#state.type !== "half-open") return;
    this.#state = { ...this.#state, probeMs: undefined };
  }

  #open(trip: BreakerTrip, forMs: number, nowMs: number): void {
    this.#turn += 1;
    this.#window.reset();
    this.#state = { type: "open", trip, forMs, untilMs: nowMs + forMs };
    this.#onChange(this.#state);
  }

  #close(): void {
    this.#turn += 1;
    this.#window.reset();
    this.#state = closed;
    this.#onChange(closed);
  }
}

/** A failure that counts. */
export interface BreakerFailure {
  readonly nowMs: number;
  /** For people. */
  readonly reason: string;
}
