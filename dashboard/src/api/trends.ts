// Short memories of traffic, as the server tells no past.
import type { Service } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";

/** What was served, the oldest first. */
export interface Trends {
  readonly add: (services: readonly Service[]) => void;
  readonly of: (service: string) => readonly number[];
}

const maxSamples = 48;

/** Keeps up to 48 samples of each service. */
export function createTrends(): Trends {
  const samples = new Map<string, number[]>();
  return {
    add: (services) => {
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
