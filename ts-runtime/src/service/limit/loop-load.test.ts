import t from "tap";
import { LoopLoad } from "./loop-load.ts";

/** Turns of a loop that has nothing but calls to do. */
class Turns {
  nowMs = 0;
  /** The share of the time that the process has the processor. */
  share = 1;
  #workedMs = 0;
  readonly loop = new LoopLoad(() => this.#workedMs);

  work(ms: number): void {
    this.nowMs += ms;
    this.#workedMs += ms * this.share;
  }

  /** Calls of 10 ms each, as they come. How many are refused? */
  turn(calls: number): number {
    this.loop.onTick(this.nowMs, 0);
    return this.#calls(calls);
  }

  /** The same, after a turn that was so long. */
  turnAfter(lateMs: number, calls: number): number {
    this.loop.onTick(this.nowMs, lateMs);
    return this.#calls(calls);
  }

  #calls(count: number): number {
    let refused = 0;
    for (let call = 0; call < count; call++) {
      if (this.loop.refuses(this.nowMs)) refused += 1;
      else this.work(10);
    }
    return refused;
  }
}

t.test("LoopLoad refuses nothing of a burst (E1)", async (t) => {
  const turns = new Turns();
  t.equal(turns.turn(80), 0);
  t.equal(turns.turnAfter(780, 10), 0);
  t.equal(turns.turnAfter(80, 1), 0);
  turns.work(20);
  t.equal(turns.turn(80), 0, "nor of the next");
});

t.test(
  "LoopLoad gives calls their time of each turn, and refuses the rest, when turns stay long (E1, E2)",
  async (t) => {
    const turns = new Turns();
    turns.turn(20);
    for (let turn = 0; turn < 5; turn++) turns.turnAfter(180, 20);
    t.equal(turns.turnAfter(180, 30), 25, "5 of 30 have their 50 ms");
    t.equal(turns.turnAfter(80, 5), 0);
    t.equal(turns.turn(20), 0, "no more when a turn was short");
  },
);

t.test("LoopLoad refuses nothing where others have the processor (E3)", async (t) => {
  const turns = new Turns();
  turns.share = 0.1;
  turns.turn(20);
  for (let turn = 0; turn < 10; turn++) t.equal(turns.turnAfter(180, 20), 0);
});
