// The door of @samspel/runtime.
export { defineEntity, persist, type CommandContext, type Entity } from "./entity/index.ts";
export { errorCodes, reject, SamspelError, type ErrorCode, type SamspelErrorOptions } from "./errors/index.ts";
export type { Logger } from "./telemetry/index.ts";
