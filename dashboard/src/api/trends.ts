// Short memories of traffic, as the server tells no past.
import type { Service } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";

/** What was served, the oldest first. */
export interface Trends {
  readonly add: (services: readonly Service[]) => void;
  readonly of: (service: string) => readonly number[];
}

const maxSamples = 48;
// The server tells up to twice a second; a curve needs less.
const minGapMs = 1000;

/** Keeps up to 48 samples of each service, at most one a second. */
export function createTrends(now: () => number = () => performance.now()): Trends {
  const samples = new Map<string, number[]>();
  let lastAt = -Infinity;
  return {
    add: (services) => {
      if (now() - lastAt < minGapMs) return;
      lastAt = now();
      for (const { name, traffic } of services) {
        const list = samples.get(name) ?? [];
        list.push(Number(traffic?.count ?? 0n) / 60);
        if (list.length > maxSamples) list.shift();
        samples.set(name, list);
      }
    },
    of: (service) => samples.get(service) ?? [],
  };
}
