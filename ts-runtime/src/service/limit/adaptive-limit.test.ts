import t from "tap";
import { AdaptiveLimit } from "./adaptive-limit.ts";
import { MethodTimes } from "./method-times.ts";

const bounds = { initial: 2_048, min: 8, max: 16_384 };

interface Load {
  /** Calls that are worked on at a time; the rest wait for it within the server. */
  readonly workers: number;
  readonly workMs: number;
  readonly perSecond: number;
  readonly forMs: number;
}

interface Outcome {
  readonly done: number;
  readonly refused: number;
  /** Of the calls of the last second. */
  readonly longestMs: number;
}

/** A server whose handlers wait for a pool, in time of its own. */
class Simulation {
  nowMs = 0;
  readonly limit = new AdaptiveLimit(bounds, 0);
  readonly times = new MethodTimes();
  #ends: { readonly startMs: number; readonly endMs: number }[] = [];

  run({ workers, workMs, perSecond, forMs }: Load): Outcome {
    const free = Array.from({ length: workers }, () => this.nowMs);
    const untilMs = this.nowMs + forMs;
    let [done, refused, longestMs, next] = [0, 0, 0, 0];
    for (; this.nowMs < untilMs; this.nowMs += 1_000 / perSecond) {
      while ((this.#ends[0]?.endMs ?? Infinity) <= this.nowMs) {
        const call = this.#ends.shift();
        if (call === undefined) break;
        this.limit.end(this.times, call.startMs, call.endMs);
        done += 1;
        if (call.endMs > untilMs - 1_000) longestMs = Math.max(longestMs, call.endMs - call.startMs);
      }
      if (this.limit.isReached) {
        this.limit.noteReached();
        refused += 1;
        continue;
      }
      this.limit.begin();
      const worker = next++ % workers;
      const startMs = Math.max(this.nowMs, free[worker] ?? 0);
      free[worker] = startMs + workMs;
      this.#ends.push({ startMs: this.nowMs, endMs: startMs + workMs });
    }
    return { done, refused, longestMs };
  }
}

const pool = { workers: 10, workMs: 5 };

t.test("AdaptiveLimit refuses nothing below capacity", async (t) => {
  const simulation = new Simulation();
  const { refused, longestMs } = simulation.run({ ...pool, perSecond: 1_500, forMs: 40_000 });
  t.equal(refused, 0);
  t.equal(longestMs, 5);
});

t.test("AdaptiveLimit keeps calls quick and the pool busy at five times the capacity", async (t) => {
  const simulation = new Simulation();
  simulation.run({ ...pool, perSecond: 1_000, forMs: 2_000 });
  simulation.run({ ...pool, perSecond: 10_000, forMs: 5_000 });
  const { done, longestMs } = simulation.run({ ...pool, perSecond: 10_000, forMs: 10_000 });
  t.ok(done >= 0.95 * 20_000, `done ${done} of 20,000`);
  t.ok(longestMs <= 45, `the longest took ${longestMs} ms`);
});

t.test("AdaptiveLimit does not take a queue that stands for what is usual (D3)", async (t) => {
  const simulation = new Simulation();
  simulation.run({ ...pool, perSecond: 1_000, forMs: 2_000 });
  simulation.run({ ...pool, perSecond: 5_000, forMs: 90_000 });
  const { done, longestMs } = simulation.run({ ...pool, perSecond: 10_000, forMs: 10_000 });
  t.ok(done >= 0.9 * 20_000, `done ${done} of 20,000`);
  t.ok(longestMs <= 40, `the longest took ${longestMs} ms`);
});

t.test("AdaptiveLimit finds its way where overload is there from the beginning", async (t) => {
  const simulation = new Simulation();
  simulation.run({ ...pool, perSecond: 10_000, forMs: 10_000 });
  const { done, longestMs } = simulation.run({ ...pool, perSecond: 10_000, forMs: 5_000 });
  t.ok(done >= 0.95 * 10_000, `done ${done} of 10,000`);
  t.ok(longestMs <= 45, `the longest took ${longestMs} ms`);
});

t.test("AdaptiveLimit rises again when what held calls up is quick again", async (t) => {
  const simulation = new Simulation();
  simulation.run({ ...pool, perSecond: 1_000, forMs: 2_000 });
  simulation.run({ workers: 10, workMs: 50, perSecond: 1_000, forMs: 60_000 });
  const low = simulation.limit.limit;
  t.ok(low < 200, `it was ${low}`);
  simulation.run({ workers: 1_000, workMs: 5, perSecond: 50_000, forMs: 10_000 });
  const { refused } = simulation.run({ workers: 1_000, workMs: 5, perSecond: 50_000, forMs: 1_000 });
  t.equal(refused, 0);
});

t.test("AdaptiveLimit takes slow methods beside quick ones for no load (D1)", async (t) => {
  const limit = new AdaptiveLimit(bounds, 0);
  const [quick, slow] = [new MethodTimes(), new MethodTimes()];
  for (let nowMs = 0; nowMs < 60_000; nowMs += 10) {
    limit.begin();
    limit.end(quick, nowMs - 1, nowMs);
    limit.begin();
    limit.end(slow, nowMs - 2_000 - (nowMs % 700), nowMs);
  }
  t.ok(limit.limit >= bounds.initial);
});

t.test("AdaptiveLimit stays within its bounds (D2)", async (t) => {
  const simulation = new Simulation();
  simulation.run({ ...pool, perSecond: 1_000, forMs: 1_000 });
  simulation.run({ workers: 1, workMs: 2_000, perSecond: 200, forMs: 100_000 });
  t.ok(simulation.limit.limit >= bounds.min);
  for (let nowMs = simulation.nowMs; nowMs < simulation.nowMs + 100_000; nowMs += 10) {
    for (let call = 0; call < 3; call++) simulation.limit.begin();
    for (let call = 0; call < 3; call++) simulation.limit.end(simulation.times, nowMs - 1, nowMs);
  }
  t.ok(simulation.limit.limit <= bounds.max);
});

t.test(
  "AdaptiveLimit lets 256 callers wait for each other by 20 ms, where one alone takes half of one",
  async (t) => {
    const limit = new AdaptiveLimit(bounds, 0);
    const times = new MethodTimes();
    let nowMs = 0;
    const rounds = (inFlight: number, tookMs: number, untilMs: number): void => {
      for (; nowMs < untilMs; nowMs += tookMs) {
        for (let call = 0; call < inFlight; call++) limit.begin();
        for (let call = 0; call < inFlight; call++) limit.end(times, nowMs, nowMs + tookMs);
      }
    };
    rounds(1, 0.5, 5_000);
    rounds(256, 20, 60_000);
    t.ok(limit.limit >= 256, `it is ${limit.limit}`);
  },
);
