// A log that tests read.
import type { Logger } from "../../ts-runtime/src/telemetry/index.ts";
import { silentLogger } from "./silent-logger.ts";

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly err?: unknown;
  /** What else is in the line. */
  readonly [field: string]: unknown;
}

const levels: ReadonlySet<string | symbol> = new Set(["debug", "info", "warn", "error", "fatal"]);

/** Keeps its lines, those of its children with their fields. */
export function recordingLogger(): { readonly logger: Logger; readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  return { logger: recording(lines, {}), lines };
}

function recording(lines: LogLine[], bindings: object): Logger {
  return new Proxy(silentLogger, {
    get(target, name) {
      if (name === "child") return (fields: object) => recording(lines, { ...bindings, ...fields });
      if (!levels.has(name)) return Reflect.get(target, name);
      return (first: object | string, second?: string) => {
        const fields = typeof first === "string" ? {} : first;
        const message = typeof first === "string" ? first : (second ?? "");
        lines.push({ ...bindings, ...fields, level: String(name), message });
      };
    },
  });
}
