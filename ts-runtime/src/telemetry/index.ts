export { createLogger, type Logger } from "./logger.ts";
export { createCounter, createHistogram, isMeasured, observeGauge } from "./meter.ts";
export { redactUrl } from "@samspel/registry/redact-url";
export { tracePassedOn } from "./trace-context.ts";
