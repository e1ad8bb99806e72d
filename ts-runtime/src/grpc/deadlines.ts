// The deadlines of many calls with few timers. Each call has one, almost none is reached, and a timer of Node costs more
// than all else that a call does with its deadline. Invariants:
//   D1. None is early, and none is late by more than a 64th of its time, or 4 ms where that is more.
//   D2. What is noted for a call that has ended is forgotten with it. A slot without calls costs one timer that fires once.

import { Roster, type Place } from "../roster/index.ts";

/** Told once, unless it was taken back before. */
export interface Deadline {
  onDeadline(): void;
}

type Slot = Roster<Deadline>;

const lateRatio = 64;
const leastStepMs = 2;
const longestTimerMs = 2 ** 31 - 1;

export class Deadlines {
  /** By when they end, in steps of their width. */
  readonly #slots = new Map<number, Map<number, Slot>>();

  /**
   * @param ms from now.
   * @returns a place, to leave when the call has ended.
   */
  note(deadline: Deadline, ms: number): Place {
    const within = Math.max(0, ms);
    // Powers of two, so that there are few widths.
    const step = Math.max(leastStepMs, 2 ** Math.floor(Math.log2(within / lateRatio)));
    const slots = this.#slotsOf(step);
    const number = Math.ceil((performance.now() + within) / step);
    let slot = slots.get(number);
    if (slot === undefined) {
      slot = new Roster();
      slots.set(number, slot);
      this.#wake(slots, number, slot, step);
    }
    return slot.add(deadline);
  }

  #slotsOf(step: number): Map<number, Slot> {
    let slots = this.#slots.get(step);
    if (slots === undefined) this.#slots.set(step, (slots = new Map()));
    return slots;
  }

  #wake(slots: Map<number, Slot>, number: number, slot: Slot, step: number): void {
    const leftMs = (): number => number * step - performance.now();
    const onTimer = (): void => {
      // Node counts from when its loop began to turn, which may be a while ago (D1).
      if (leftMs() > 0) return wait();
      slots.delete(number);
      for (const deadline of slot) deadline.onDeadline();
    };
    // It may be over already where the process was not let run meanwhile.
    const leftOfTimer = (): number => Math.max(0, Math.min(longestTimerMs, Math.ceil(leftMs())));
    const wait = (): void => void setTimeout(onTimer, leftOfTimer()).unref();
    wait();
  }
}
