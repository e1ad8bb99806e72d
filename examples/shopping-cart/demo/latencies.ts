// Latencies by kind of request, and what to say of them.

export interface LatencySummary {
  readonly name: string;
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

export interface Latencies {
  record(name: string, ms: number): void;
  summary(): readonly LatencySummary[];
}

/** Collects latencies and sums them up by nearest rank. */
export function createLatencies(): Latencies {
  const samples = new Map<string, number[]>();
  return {
    record(name, ms) {
      const known = samples.get(name);
      if (known === undefined) samples.set(name, [ms]);
      else known.push(ms);
    },
    summary: () =>
      [...samples].map(([name, values]) => {
        const sorted = values.toSorted((a, b) => a - b);
        const rank = (ratio: number): number =>
          sorted[Math.max(0, Math.ceil(ratio * sorted.length) - 1)] ?? 0;
        return { name, count: sorted.length, p50Ms: rank(0.5), p95Ms: rank(0.95), p99Ms: rank(0.99) };
      }),
  };
}
