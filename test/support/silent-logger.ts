// The log of what tests run in their own process: they assert what happens, and nobody reads it.
import { createLogger, type Logger } from "../../ts-runtime/src/telemetry/index.ts";

export const silentLogger: Logger = createLogger({ service: "test", level: "silent" });
