export { createLogger, type Logger } from "./logger.ts";
export { redactUrl } from "./redact.ts";
