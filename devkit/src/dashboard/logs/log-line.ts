// A line of a service's output, read: JSON as loggers of any language write it, or text.
import { stripVTControlCharacters } from "node:util";
import type { LogRecord } from "../../collector/index.ts";

/** From least to most grave. */
export const levels = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

export interface LogLine {
  /** Grows by one with each line, over all services. */
  readonly number: number;
  readonly timeMs: number;
  readonly service: string;
  /** One of `levels`; empty for output that is no log. */
  readonly level: string;
  readonly message: string;
  /** All else that it has, in JSON; empty where it has nothing. */
  readonly fields: string;
  /** In hexadecimal; empty where it belongs to none. */
  readonly traceId: string;
}

export type ReadLine = Omit<LogLine, "number" | "service">;

const maxChars = 16 * 1024;
/** Said otherwise, or nothing to those who look at one machine. */
const hidden = new Set(["pid", "hostname", "v", "service"]);
const levelNames = ["level", "severity", "lvl"];
const timeNames = ["time", "timestamp", "@timestamp", "ts"];
const messageNames = ["msg", "message"];
const traceNames = ["trace_id", "traceId", "trace.id"];
const known = new Set([...levelNames, ...timeNames, ...messageNames, ...traceNames, ...hidden]);

/** Reads a line; `nowMs` is its time where it has none that can be read. */
export function readLine(text: string, nowMs: number): ReadLine {
  const clean = stripVTControlCharacters(text);
  const entry = clean.length <= maxChars ? parseEntry(clean) : undefined;
  const level = entry === undefined ? undefined : first(entry, levelNames);
  // An object without a level is data that somebody printed.
  if (entry === undefined || level === undefined) {
    return { timeMs: nowMs, level: "", message: clean.slice(0, maxChars), fields: "", traceId: "" };
  }
  const rest = Object.entries(entry).filter(([name]) => !known.has(name));
  const message = first(entry, messageNames) ?? "";
  const traceId = first(entry, traceNames);
  return {
    timeMs: timeOf(first(entry, timeNames)) ?? nowMs,
    level: levelOf(level),
    message: typeof message === "string" ? message : JSON.stringify(message),
    fields: rest.length === 0 ? "" : JSON.stringify(Object.fromEntries(rest)),
    traceId: typeof traceId === "string" ? traceId.toLowerCase() : "",
  };
}

/** A record that came by OTLP. */
export function readRecord({ timeMs, level, message, attributes, traceId }: LogRecord): ReadLine {
  const fields = Object.keys(attributes).length === 0 ? "" : JSON.stringify(attributes);
  return { timeMs, level: level === "" ? "info" : levelOf(level), message, fields, traceId };
}

function parseEntry(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function first(entry: Readonly<Record<string, unknown>>, names: readonly string[]): unknown {
  return names.map((name) => entry[name]).find((value) => value !== undefined && value !== null);
}

/** Pino has numbers, ten for each level; others have words of several kinds. */
function levelOf(level: unknown): string {
  if (typeof level === "number") {
    return levels[Math.min(levels.length, Math.max(1, Math.floor(level / 10))) - 1] ?? "info";
  }
  const word = String(level).toLowerCase();
  if (word.startsWith("warn")) return "warn";
  if (word.startsWith("err") || word === "severe") return "error";
  if (/^(fatal|critical|panic|emerg)/.test(word)) return "fatal";
  if (/^(trace|fine)/.test(word)) return "trace";
  return word === "debug" ? "debug" : "info";
}

function timeOf(time: unknown): number | undefined {
  if (typeof time !== "number" && typeof time !== "string") return undefined;
  // Seconds, as Go and Python have them, or milliseconds.
  const ms = typeof time === "number" && time < 1e11 ? time * 1000 : time;
  const at = new Date(ms).getTime();
  return Number.isNaN(at) ? undefined : at;
}
