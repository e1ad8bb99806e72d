// The development collector: an OTLP receiver that keeps the latest traces in memory.
export type {
  Collector,
  CollectorOptions,
  EdgeKind,
  LogRecord,
  Span,
  SpanEvent,
  SpanKind,
  SpanLink,
  Trace,
  TraceFilter,
  TraceSummary,
  Traffic,
  TrafficEdge,
  TrafficReport,
} from "./collector.ts";
export { startCollector } from "./start-collector.ts";
