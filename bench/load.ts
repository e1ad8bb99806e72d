// Loads, and what they come to: closed loops for a rate, open ones for latencies at a given rate.
import { randomUUID } from "node:crypto";
import { median } from "./median.ts";

/** One piece of work of one of many workers; `turn` is 1, 2, 3 … */
export type Work = (worker: string, turn: bigint) => Promise<unknown>;

export interface Load {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of this process, for one piece of work. */
  readonly cpuMicros: number;
}

/** So many workers do one piece after the other for a while. */
export async function closedLoop(work: Work, inFlight: number, forMs: number): Promise<Load> {
  const run = randomUUID();
  const meter = startMeter();
  await Promise.all(
    Array.from({ length: inFlight }, async (_, index) => {
      const worker = `${run}-${index}`;
      for (let turn = 1n; meter.elapsedMs() < forMs; turn++) await meter.time(() => work(worker, turn));
    }),
  );
  return meter.result();
}

/**
 * Begins so many pieces a second, whether the ones before have ended or not, so that a stall is seen by all that it
 * holds up (no coordinated omission). A thousand workers take turns; each has done one piece before.
 */
export async function openLoop(work: Work, perSecond: number, forMs: number): Promise<Load> {
  const run = randomUUID();
  const workers = Array.from({ length: 1_000 }, (_, index) => ({
    name: `${run}-${index}`,
    turn: 1n,
    last: Promise.resolve() as Promise<unknown>,
  }));
  await Promise.all(workers.map(({ name }) => work(name, 1n)));
  const meter = startMeter();
  const all: Promise<unknown>[] = [];
  for (let begun = 0; meter.elapsedMs() < forMs;) {
    const due = Math.floor((meter.elapsedMs() * perSecond) / 1_000);
    for (; begun < due; begun++) {
      const worker = workers[begun % workers.length];
      if (worker === undefined) continue;
      const turn = ++worker.turn;
      worker.last = meter.time(() => worker.last.then(() => work(worker.name, turn)));
      all.push(worker.last);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(all);
  return meter.result();
}

interface Meter {
  elapsedMs(): number;
  time(work: () => Promise<unknown>): Promise<void>;
  result(): Load;
}

function startMeter(): Meter {
  const latencies: number[] = [];
  const cpuAtStart = process.cpuUsage();
  const startedAtMs = performance.now();
  return {
    elapsedMs: () => performance.now() - startedAtMs,
    async time(work) {
      const begunAtMs = performance.now();
      await work();
      latencies.push(performance.now() - begunAtMs);
    },
    result() {
      const elapsedMs = performance.now() - startedAtMs;
      const { user, system } = process.cpuUsage(cpuAtStart);
      const sorted = latencies.toSorted((a, b) => a - b);
      const quantile = (q: number): number => sorted[Math.floor(sorted.length * q)] ?? 0;
      return {
        perSecond: (latencies.length * 1_000) / elapsedMs,
        p50Ms: quantile(0.5),
        p99Ms: quantile(0.99),
        cpuMicros: (user + system) / latencies.length,
      };
    },
  };
}

/** The middle of the rounds' 99th percentiles. */
export function middleP99Ms(loads: readonly Load[]): number {
  return median(loads.map(({ p99Ms }) => p99Ms));
}

/** The one of some loads that is in the middle by rate. */
export function middle(loads: readonly Load[]): Load {
  const sorted = loads.toSorted((a, b) => a.perSecond - b.perSecond);
  const load = sorted[Math.floor(sorted.length / 2)];
  if (load === undefined) throw new RangeError("No load to choose from");
  return load;
}
