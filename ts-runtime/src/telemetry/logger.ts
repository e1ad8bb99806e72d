// Structured logs: one JSON object a line, on standard output. The dev environment makes them readable.
import { pino, type Logger as PinoLogger } from "pino";
import { activeIds } from "./propagation.ts";

/** What the toolkit and its services log with. */
export type Logger = PinoLogger;

export interface LoggerOptions {
  /** The service's name, on every line. */
  readonly service: string;
  /** Default `info`. */
  readonly level?: string;
  /** Takes each line, with its line break. Default: standard output. */
  readonly write?: (line: string) => void;
}

/**
 * Creates a service's logger. Credentials in URLs must be taken out by who logs them. Where an SDK of OpenTelemetry is
 * registered, what is logged within a span has its `trace_id` and `span_id`.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { service, level = "info", write } = options;
  const settings = {
    level,
    base: { service },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    mixin: () => activeIds() ?? {},
  };
  return write === undefined ? pino(settings) : pino(settings, { write });
}
