export { createLogger, type Logger } from "./logger.ts";
export { redactUrl } from "@samspel/registry/redact-url";
