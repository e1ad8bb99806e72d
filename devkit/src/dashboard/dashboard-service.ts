// `samspel.dev.v1.DashboardService`: each method in a line or two, of the parts that know.
import type { ServiceImpl } from "@connectrpc/connect";
import type { InstanceState } from "@samspel/registry";
import type { DashboardService } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import type { Collector } from "../collector/index.ts";
import type { DevSystem } from "../dev/index.ts";
import type { DynamicCaller } from "../dynamic/index.ts";
import { call } from "./calls/index.ts";
import { getConfiguration } from "./configuration.ts";
import { controlService } from "./control.ts";
import { lineMessage, watchLogs, type LogStore } from "./logs/index.ts";
import { listMethods, type Apis } from "./methods/index.ts";
import type { SystemWatch } from "./system/index.ts";
import { getTrace, listTraces } from "./traces/index.ts";

/** What the service answers from. */
export interface DashboardParts {
  readonly system: DevSystem;
  readonly systemWatch: SystemWatch;
  /** All instances, now. */
  readonly instances: () => readonly InstanceState[];
  readonly apis: Apis;
  readonly caller: DynamicCaller;
  readonly collector: Collector | undefined;
  readonly logs: LogStore;
}

const defaultLines = 500;
const maxLines = 10_000;

export function dashboardService(parts: DashboardParts): ServiceImpl<typeof DashboardService> {
  const { system, systemWatch, instances, apis, collector, logs } = parts;
  return {
    watchSystem: ({ deltas }, { signal }) => systemWatch.watch(deltas, signal),
    listMethods: (request) => listMethods(apis, instances(), request),
    call: (request, { signal }) => call(parts, request, signal),
    listTraces: (request) => listTraces(collector, request),
    getTrace: ({ traceId }) => getTrace(collector, logs, traceId),
    async *watchLogs({ service, level, text, traceId, last, follow }, { signal }) {
      const filter = { service, level: level.toLowerCase(), text, traceId };
      const count = Math.min(last === 0 ? defaultLines : last, maxLines);
      for await (const lines of watchLogs(logs, { filter, last: count, follow }, signal)) {
        yield { lines: lines.map(lineMessage) };
      }
    },
    async controlService(request) {
      await controlService(system, request);
      return {};
    },
    getConfiguration: ({ service }) => getConfiguration({ system, apis, instances: instances() }, service),
  };
}
