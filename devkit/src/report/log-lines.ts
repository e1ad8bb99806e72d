// Makes a service's JSON log lines readable: time, level, message, fields. Other lines pass as they are.
import type { Colors } from "./colors.ts";

/** Fields that are said otherwise, or that say nothing in development. */
const hidden = new Set(["level", "time", "timestamp", "service", "msg", "message", "pid", "hostname", "v"]);

const pinoLevels: Readonly<Record<number, string>> = {
  10: "trace",
  20: "debug",
  30: "info",
  40: "warn",
  50: "error",
  60: "fatal",
};

/** The text to show for one line of output; more than one line where an error brings its stack. */
export function formatLogLine(text: string, colors: Colors): string {
  const entry = parseEntry(text);
  if (entry === undefined) return text;
  const level = levelOf(entry["level"]);
  const message = entry["msg"] ?? entry["message"] ?? "";
  const fields = Object.entries(entry).filter(([key]) => !hidden.has(key));
  const stacks = fields.map(([, value]) => stackOf(value)).filter((stack) => stack !== undefined);
  const head = [
    colors.dim(clock(entry["time"] ?? entry["timestamp"])),
    colorOf(level, colors)(level.toUpperCase().padEnd(5)),
    typeof message === "string" ? message : JSON.stringify(message),
    ...fields.map(([key, value]) => `${colors.dim(`${key}=`)}${show(value)}`),
  ].filter((part) => part !== "");
  return [head.join(" "), ...stacks.map((stack) => colors.dim(indent(stack)))].join("\n");
}

function parseEntry(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    // An object without level is data that somebody printed.
    return typeof value === "object" && value !== null && "level" in value ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function levelOf(level: unknown): string {
  return typeof level === "number" ? (pinoLevels[level] ?? String(level)) : String(level).toLowerCase();
}

function colorOf(level: string, colors: Colors): (text: string) => string {
  if (/^(error|fatal|critical)$/.test(level)) return colors.red;
  if (level.startsWith("warn")) return colors.yellow;
  return level === "info" ? colors.green : colors.dim;
}

/** Local time of day, with milliseconds; nothing where the line has no time that we know. */
function clock(time: unknown): string {
  if (typeof time !== "number" && typeof time !== "string") return "";
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "";
  const [hours, minutes, seconds] = [date.getHours(), date.getMinutes(), date.getSeconds()].map((value) =>
    String(value).padStart(2, "0"),
  );
  return `${hours}:${minutes}:${seconds}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

function stackOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !("stack" in value)) return undefined;
  return typeof value.stack === "string" ? value.stack : undefined;
}

function show(value: unknown): string {
  if (typeof value === "string") return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  if (stackOf(value) !== undefined && typeof value === "object" && value !== null && "message" in value)
    return JSON.stringify(value.message);
  return JSON.stringify(value);
}

const indent = (text: string): string =>
  text
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
