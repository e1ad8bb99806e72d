// Log lines of the shop.
import { create } from "@bufbuild/protobuf";
import {
  LogLineSchema,
  type LogLine,
  type WatchLogsRequest,
} from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { startedAt } from "./shop.ts";
import { time } from "./time.ts";
import { callTraceId } from "./traces.ts";

const says = [
  ["cart", "info", "added 2 apple to cart-17"],
  ["inventory", "info", "reserved 2 items for cart-17"],
  ["popular-items", "debug", "applied 12 events"],
  ["cart", "info", "checked out cart-17"],
  ["billing", "info", "invoice of cart-17 written: 1290 cents"],
  ["shipping", "warn", "the driver does not answer, trying again in 400 ms"],
  ["inventory", "", "INFO:     Application startup complete."],
  ["shipping", "error", "no parcel for cart-31: undefined: dispatchd"],
] as const;

const graver = ["trace", "debug", "info", "warn", "error", "fatal"];

function lineAt(number: number): LogLine {
  const [service, level, message] = says[number % says.length] ?? says[0];
  return create(LogLineSchema, {
    number: BigInt(number + 1),
    time: time(startedAt + number * 380),
    service,
    level,
    message,
    fields:
      level === "" ? "" : JSON.stringify({ pid: 4100 + (number % 8), cart: "cart-17", attempt: number % 3 }),
    traceId: number % 2 === 0 && level !== "" ? callTraceId : "",
  });
}

/** Those that match, of `count` lines from `from` on. */
export function logLines(request: WatchLogsRequest, from: number, count: number): LogLine[] {
  return Array.from({ length: count }, (_, index) => lineAt(from + index)).filter(
    (line) =>
      (request.service === "" || line.service === request.service) &&
      line.message.includes(request.text) &&
      (request.traceId === "" || line.traceId === request.traceId) &&
      (request.level === "" || graver.indexOf(line.level) >= graver.indexOf(request.level)),
  );
}
