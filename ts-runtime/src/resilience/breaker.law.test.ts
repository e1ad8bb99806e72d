// The breaker is what a simple model says: a list of what ended, looked through each time (K1–K4).
import * as fc from "fast-check";
import t from "tap";
import { Breaker, type BreakerTerms } from "./breaker.ts";

type End = "succeeded" | "failed" | "left" | "heard";

const terms: BreakerTerms = {
  failureRatio: 0.5,
  minCalls: 4,
  windowMs: 1_000,
  openMs: 300,
  maxOpenMs: 1_000,
};

/** A call that ends is one of those under way, by its place. */
const steps = fc.array(
  fc.oneof(
    {
      weight: 1,
      arbitrary: fc.record({ type: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 700 }) }),
    },
    { weight: 3, arbitrary: fc.constant({ type: "begin" as const }) },
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant("end" as const),
        at: fc.nat({ max: 3 }),
        how: fc.constantFrom<End>("succeeded", "failed", "failed", "left", "heard"),
      }),
    },
  ),
  { maxLength: 120 },
);

interface Ended {
  readonly slot: number;
  readonly failed: boolean;
}

class Model {
  state: "closed" | "open" | "half-open" = "closed";
  nowMs = 5_000;
  #ended: Ended[] = [];
  #forMs = 0;
  #fromMs = 0;
  #epoch = {};
  #probe: object | undefined;

  get allows(): boolean {
    if (this.state === "closed") return true;
    if (this.state === "half-open" && this.#probe === undefined) return true;
    return this.nowMs >= this.#fromMs;
  }

  begin(): object {
    if (this.state === "closed") return this.#epoch;
    this.state = "half-open";
    this.#fromMs = this.nowMs + this.#forMs;
    return (this.#probe = {});
  }

  end(call: object, how: End): void {
    if (this.state === "half-open" && call === this.#probe) {
      if (how === "left") this.#probe = undefined;
      else if (how === "failed") this.#open(Math.min(terms.maxOpenMs, this.#forMs * 2));
      else this.#reset("closed");
    } else if (this.state === "closed" && call === this.#epoch && how !== "left" && how !== "heard") {
      const slot = Math.floor(this.nowMs / 100);
      this.#ended.push({ slot, failed: how === "failed" });
      const recent = this.#ended.filter((ended) => ended.slot > slot - 10);
      const failures = recent.filter(({ failed }) => failed).length;
      if (
        how === "failed" &&
        recent.length >= terms.minCalls &&
        failures >= recent.length * terms.failureRatio
      )
        this.#open(terms.openMs);
    }
  }

  #open(forMs: number): void {
    this.#reset("open");
    this.#forMs = forMs;
    this.#fromMs = this.nowMs + forMs;
  }

  #reset(state: Model["state"]): void {
    this.state = state;
    this.#ended = [];
    this.#epoch = {};
    this.#probe = undefined;
  }
}

t.test("Breaker does as its model does, whatever ends when", async () => {
  fc.assert(
    fc.property(steps, (all) => {
      const changes: string[] = [];
      const breaker = new Breaker((state) => changes.push(state.type));
      const model = new Model();
      const underWay: { readonly turn: number; readonly call: object }[] = [];
      let before = "closed";
      for (const step of all) {
        if (step.type === "wait") model.nowMs += step.ms;
        if (step.type === "begin" && model.allows) {
          underWay.push({ turn: breaker.begin(model.nowMs), call: model.begin() });
        }
        const ended = step.type === "end" ? underWay.splice(step.at, 1)[0] : undefined;
        if (step.type === "end" && ended !== undefined) {
          model.end(ended.call, step.how);
          if (step.how === "succeeded") breaker.succeeded(ended.turn, terms, model.nowMs);
          else if (step.how === "failed")
            breaker.failed(ended.turn, terms, { nowMs: model.nowMs, reason: "it failed" });
          else breaker[step.how](ended.turn);
          // What was only heard goes on, and ends later.
          if (step.how === "heard") underWay.push(ended);
        }
        if (breaker.state.type !== model.state || breaker.allows(model.nowMs) !== model.allows) return false;
        if (model.state !== before && changes.pop() !== model.state) return false;
        before = model.state;
      }
      return true;
    }),
    { numRuns: 500 },
  );
});

t.test("Breaker opens on a failing method and says why, and one good probe closes it", async (t) => {
  const breaker = new Breaker();
  for (let call = 0; call < 4; call += 1) {
    t.equal(breaker.state.type, "closed");
    breaker.failed(breaker.begin(100), terms, { nowMs: 100, reason: `failure ${call}` });
  }
  t.match(breaker.state, {
    type: "open",
    untilMs: 400,
    trip: { sinceMs: 100, calls: 4, failures: 4, reason: "failure 3" },
  });
  t.notOk(breaker.allows(399), "not before its time");
  t.ok(breaker.allows(400));
  const probe = breaker.begin(400);
  t.notOk(breaker.allows(400), "one probe at a time");
  breaker.succeeded(probe, terms, 410);
  t.equal(breaker.state.type, "closed");
});

t.test("Breaker stays open longer with each probe that fails, and no longer than maxOpenMs", async (t) => {
  const breaker = new Breaker();
  for (let call = 0; call < 4; call += 1)
    breaker.failed(breaker.begin(0), terms, { nowMs: 0, reason: "down" });
  const opened: number[] = [];
  let nowMs = 0;
  for (let probe = 0; probe < 4; probe += 1) {
    const { state } = breaker;
    if (state.type !== "open") throw new Error("it is meant to be open");
    opened.push(state.forMs);
    nowMs = state.untilMs;
    breaker.failed(breaker.begin(nowMs), terms, { nowMs, reason: "still down" });
  }
  t.same(opened, [300, 600, 1_000, 1_000]);
  t.match(
    breaker.state,
    { trip: { sinceMs: 0, reason: "still down" } },
    "it has failed since the first opening",
  );
});
