export { startExport } from "./export.ts";
export { createLogger, type Logger } from "./logger.ts";
export { createCounter, createHistogram, isMeasured, observeGauge } from "./meter.ts";
export { openTracing, type OpenTracingOptions, type OwnTracing } from "./open-tracing.ts";
export {
  contextOfEvent,
  eventTrace,
  extractTrace,
  injectTrace,
  traceHeadersOf,
  tracePassedOnFrom,
} from "./propagation.ts";
export { redactUrl } from "@samspel/registry/redact-url";
export { tracePassedOn, type Carrier } from "./trace-context.ts";
export {
  activeTrace,
  addSpanEvent,
  causesOf,
  createTracing,
  describeSpan,
  failureOf,
  isSampled,
  linksTo,
  noTrace,
  recordException,
  type RunningSpan,
  type SpanAttributes,
  type SpanStart,
  type Tracing,
} from "./tracing.ts";
