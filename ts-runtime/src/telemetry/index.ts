export { createLogger, type Logger, type LoggerOptions } from "./logger.ts";
export { redactUrl } from "./redact.ts";
