// Traces as the collector has them, with the log lines that belong to them.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationMs as msOf } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type {
  GetTraceResponseSchema,
  ListTracesRequest,
  ListTracesResponseSchema,
  SpanSchema,
} from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import type { Collector, Span } from "../../collector/index.ts";
import { durationOf, timestampOf } from "../time.ts";
import { anyLine, lineMessage, type LogStore } from "../logs/index.ts";

const maxTraces = 1_000;
const maxLines = 1_000;

export function listTraces(
  collector: Collector | undefined,
  { service, text, errors, minDuration, limit }: ListTracesRequest,
): MessageInitShape<typeof ListTracesResponseSchema> {
  const traces = collector?.listTraces({
    errors,
    limit: Math.min(limit === 0 ? 100 : limit, maxTraces),
    ...(service === "" ? {} : { service }),
    ...(text === "" ? {} : { text }),
    ...(minDuration === undefined ? {} : { minDurationMs: msOf(minDuration) }),
  });
  return {
    traces: (traces ?? []).map(({ startMs, durationMs, services, ...trace }) =>
      Object.assign(trace, {
        services: [...services],
        start: timestampOf(startMs),
        duration: durationOf(durationMs),
      }),
    ),
  };
}

/** @throws ConnectError NOT_FOUND where it is not kept. */
export function getTrace(
  collector: Collector | undefined,
  logs: LogStore,
  traceId: string,
): MessageInitShape<typeof GetTraceResponseSchema> {
  const trace = collector?.getTrace(traceId);
  const lines = logs.find({ ...anyLine, traceId }, { after: 0, last: maxLines });
  if (trace === undefined) {
    throw new ConnectError(
      collector === undefined
        ? "No traces are collected here"
        : `No trace ${JSON.stringify(traceId)} is kept, or not any more`,
      Code.NotFound,
    );
  }
  return { spans: trace.spans.map(spanMessage), logs: lines.map(lineMessage) };
}

function spanMessage(span: Span): MessageInitShape<typeof SpanSchema> {
  const { spanId, parentSpanId, service, name, kind, attributes, error, message } = span;
  return {
    spanId,
    parentSpanId,
    links: span.links.map((link) => `${link.traceId}/${link.spanId}`),
    service,
    name,
    kind,
    start: timestampOf(span.startMs),
    duration: durationOf(span.durationMs),
    attributes,
    error,
    message,
    events: span.events.map((event) => ({
      time: timestampOf(event.timeMs),
      name: event.name,
      attributes: event.attributes,
    })),
  };
}
