// `samspel.dev.v1.DashboardService`: each method in a line or two, of the parts that know.
import type { ServiceImpl } from "@connectrpc/connect";
import type { DashboardService } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import type { DevSystem } from "../dev/index.ts";
import type { DynamicCaller } from "../dynamic/index.ts";
import { call } from "./calls/index.ts";
import { getConfiguration } from "./configuration.ts";
import { controlService } from "./control.ts";
import { lineMessage, watchLogs, type LogStore } from "./logs/index.ts";
import { listMethods } from "./methods/index.ts";
import type { SystemWatch } from "./system/index.ts";
import { describeTopic, listTopics, publishMessage, watchTopic, type TopicsContext } from "./topics/index.ts";
import { getTrace, listTraces } from "./traces/index.ts";

/** What the service answers from. */
export interface DashboardParts extends TopicsContext {
  readonly system: DevSystem;
  readonly systemWatch: SystemWatch;
  readonly caller: DynamicCaller;
  readonly logs: LogStore;
}

const defaultLines = 500;
const maxLines = 10_000;

export function dashboardService(parts: DashboardParts): ServiceImpl<typeof DashboardService> {
  const { system, systemWatch, instances, apis, collector, logs } = parts;
  return {
    watchSystem: ({ deltas }, { signal }) => systemWatch.watch(deltas, signal),
    listMethods: (request) => listMethods(parts, instances(), request),
    call: (request, { signal }) => call(parts, request, signal),
    listTopics: ({ topic }) => listTopics(parts, topic),
    describeTopic: ({ topic }) => describeTopic(parts, topic),
    publishMessage: (request) => publishMessage(parts, request),
    watchTopic: (request, { signal }) => watchTopic(parts, request, signal),
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
