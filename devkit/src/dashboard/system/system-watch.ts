// The system as it is, and what changed of it, for as many browsers as look.
//
//   S1. It is looked at while somebody watches, and only then; one look serves all.
//   S2. At most two answers a second to each. What passed is counted once in two seconds, as that reads all spans.
//   S3. A watcher misses nothing: each is told what changed after the last version that it was told.
import { setTimeout as sleep } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import type { InstanceState, StatesWatch } from "@samspel/registry";
import type { WatchSystemResponseSchema } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import type { Collector, TrafficEdge, TrafficReport } from "../../collector/index.ts";
import type { DevSystem } from "../../dev/index.ts";
import { systemMessage } from "./messages.ts";
import { createOwnServices } from "./own-services.ts";
import { createVersions } from "./versions.ts";
import { viewEdges } from "./traffic-view.ts";
import { viewRest, viewServices, type RestView, type ServiceView } from "./views.ts";

type Answer = MessageInitShape<typeof WatchSystemResponseSchema>;

export interface SystemWatchOptions {
  readonly system: DevSystem;
  readonly states: StatesWatch;
  readonly collector: Collector | undefined;
  readonly gatewayUrl: string;
  /** To ask instances what they serve. */
  readonly transportTo: (instance: InstanceState) => Promise<Transport>;
}

export interface SystemWatch {
  /** The system now, then each change, until the signal aborts. */
  watch(deltas: boolean, signal: AbortSignal): AsyncGenerator<Answer, void>;
}

const restMs = 500;
const trafficEveryMs = 2_000;
const windowMs = 60_000;
const nothingPassed: TrafficReport = { services: new Map(), edges: [] };

export function createSystemWatch(options: SystemWatchOptions): SystemWatch {
  const { system, states, collector, gatewayUrl, transportTo } = options;
  const services = createVersions<ServiceView>();
  const edges = createVersions<TrafficEdge>();
  const rest = createVersions<RestView>();
  const since = createSince();
  const waiting = new Set<() => void>();
  let watchers = 0;
  let leave: readonly (() => void)[] = [];
  let due: NodeJS.Timeout | undefined;
  let traffic = nothingPassed;

  const look = (): void => {
    due = undefined;
    const changed = [
      services.set(
        viewServices({
          services: system.services(),
          instances: states.current,
          traffic,
          sinceMs: (instance) => since.of(instance),
          ownOf: (instance) => own.of(instance),
        }),
      ),
      edges.set(viewEdges(traffic, states.current)),
      rest.set(new Map([["", viewRest(system, gatewayUrl)]])),
    ];
    since.keep(states.current);
    own.look(states.current);
    if (changed.includes(true)) for (const wake of waiting) wake();
  };
  const note = (): void => {
    due ??= setTimeout(look, restMs / 5);
  };
  const own = createOwnServices({ transportTo, onChange: note });
  const countTraffic = (): void => {
    traffic = collector?.traffic(windowMs) ?? nothingPassed;
    note();
  };
  const enter = (): void => {
    watchers += 1;
    if (watchers > 1) return;
    const timer = setInterval(countTraffic, trafficEveryMs);
    traffic = collector?.traffic(windowMs) ?? nothingPassed;
    leave = [states.onChange(note), system.onChange(note), () => clearInterval(timer)];
    look();
  };
  const exit = (): void => {
    watchers -= 1;
    if (watchers > 0) return;
    for (const end of leave) end();
    clearTimeout(due);
    due = undefined;
  };
  const nextLook = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const wake = (): void => {
        waiting.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      waiting.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  const version = (): string => [services.version, edges.version, rest.version].join(" ");

  const answer = (seen: Seen | undefined): Answer => {
    const [whole = viewRest(system, gatewayUrl)] = rest.all();
    if (seen === undefined) return systemMessage(whole, { services: services.all(), edges: edges.all() });
    const [changed, passed] = [services.since(seen.services), edges.since(seen.edges)];
    const gone = { services: changed.gone, edges: passed.gone };
    return systemMessage(whole, { services: changed.changed, edges: passed.changed, gone });
  };

  return {
    async *watch(deltas, signal) {
      enter();
      try {
        let seen: Seen | undefined;
        while (!signal.aborted) {
          const told = version();
          const next = { services: services.version, edges: edges.version };
          yield answer(deltas ? seen : undefined);
          seen = next;
          await sleep(restMs, undefined, { signal }).catch(() => {});
          while (version() === told && !signal.aborted) await nextLook(signal);
        }
        // A dashboard that stops says so; a browser that went away does not hear it.
        signal.throwIfAborted();
      } finally {
        exit();
      }
    },
  };
}

interface Seen {
  readonly services: number;
  readonly edges: number;
}

/** Since when instances are there, as far as was seen. */
function createSince(): {
  of(instance: InstanceState): number;
  keep(instances: readonly InstanceState[]): void;
} {
  const seen = new Map<string, number>();
  return {
    of({ id }) {
      const known = seen.get(id) ?? Date.now();
      seen.set(id, known);
      return known;
    },
    keep(instances) {
      const ids = new Set(instances.map(({ id }) => id));
      for (const id of seen.keys()) if (!ids.has(id)) seen.delete(id);
    },
  };
}
