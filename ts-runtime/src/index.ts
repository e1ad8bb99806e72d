// The door of @samspel/runtime.
export {
  errorCodes,
  reject,
  SamspelError,
  type ErrorCode,
  type SamspelErrorOptions,
} from "./errors/index.ts";
export type { Logger } from "./telemetry/index.ts";
