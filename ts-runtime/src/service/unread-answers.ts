// Answers that nobody reads: their calls are over, and still they hold their memory for as long as the connection stands,
// in which their caller may give no room to send (CVE-2019-9517). After two looks they are dropped.
import type { Roster } from "../roster/index.ts";

/** A call that may be over. */
interface Ending {
  readonly isOver: boolean;
  cut(): void;
}

const lookMs = 60_000;

/** Looks after the calls of a server, as long as there are any. */
export class UnreadAnswers {
  readonly #calls: Roster<Ending>;
  readonly #lookMs: number;
  #over = new Set<Ending>();
  #isLooking = false;

  constructor(calls: Roster<Ending>, everyMs: number = lookMs) {
    this.#calls = calls;
    this.#lookMs = everyMs;
  }

  /** A call has come. */
  note(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    setTimeout(() => this.#look(), this.#lookMs).unref();
  }

  #look(): void {
    const still = new Set<Ending>();
    for (const call of this.#calls) {
      if (!call.isOver) continue;
      if (this.#over.has(call)) call.cut();
      else still.add(call);
    }
    this.#over = still;
    this.#isLooking = false;
    if (this.#calls.size > 0) this.note();
  }
}
