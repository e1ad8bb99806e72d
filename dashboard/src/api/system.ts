// The system as it is now: one stream for all pages.
import { computed, signal, type ReadonlySignal } from "@preact/signals";
import type { Service, WatchSystemResponse } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { dashboard } from "./clients.ts";
import { applyDelta } from "./deltas.ts";
import { failureOf } from "./failure.ts";
import { createTrends } from "./trends.ts";
import { watch } from "./watch.ts";

/** Undefined until the first answer. */
export const system = signal<WatchSystemResponse | undefined>(undefined);

/** Why nothing new comes, if so. */
export const connectionLost = signal<string | undefined>(undefined);

/** What each service served of late, for its sparkline. */
export const trends = createTrends();

/** By name. */
export const services: ReadonlySignal<readonly Service[]> = computed(() => system.value?.services ?? []);

/** Names of the services that serve one of the toolkit's own services. */
export function servicesWith(ownService: string): readonly string[] {
  return services.value.filter((service) => service.ownServices.includes(ownService)).map(({ name }) => name);
}

// The server tells nothing while nothing changes; curves go on all the same.
const trendMs = 1250;

/** Begins to watch; returns what ends it. */
export function watchSystem(): () => void {
  const timer = setInterval(() => {
    if (!document.hidden) trends.add(services.value);
  }, trendMs);
  const stop = watch({
    open: (signal) => dashboard.watchSystem({ deltas: true }, { signal }),
    onItem: (answer) => {
      system.value = applyDelta(system.value, answer);
    },
    onFailure: (error) => {
      connectionLost.value = error === undefined ? undefined : failureOf(error).text;
    },
  });
  return () => {
    clearInterval(timer);
    stop();
  };
}
