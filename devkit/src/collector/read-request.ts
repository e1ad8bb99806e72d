// From an export request, in the shape of OTLP's JSON, to spans and log records. What of it is of no use is counted, and
// told the sender; the rest is kept.
import type { LogRecord, Span, SpanEvent, SpanKind, SpanLink } from "./collector.ts";
import { RefusedError } from "./refused.ts";
import {
  attributesOf,
  fieldsOf,
  idOf,
  itemsOf,
  millisecondsOf,
  numberOf,
  textOf,
  valueText,
} from "./values.ts";

/** What a request brought. */
export interface Received<T> {
  readonly items: readonly T[];
  /** How many were no use. */
  readonly rejected: number;
  /** Why the first of them was none; empty where there is none. */
  readonly reason: string;
}

const maxEvents = 128;
const maxLinks = 128;

/** The spans of a request. @throws RefusedError for what is no request. */
export function readSpans(request: unknown): Received<Span> {
  const { resourceSpans } = fieldsOf(request, "the body");
  return collect(
    itemsOf(resourceSpans, "resourceSpans").flatMap((item) => {
      const { resource, scopeSpans } = fieldsOf(item, "a resourceSpans");
      const service = serviceOf(resource);
      return itemsOf(scopeSpans, "scopeSpans").flatMap((scoped) =>
        itemsOf(fieldsOf(scoped, "a scopeSpans")["spans"], "spans").map((span) => readSpan(span, service)),
      );
    }),
  );
}

/** The log records of a request. @throws RefusedError for what is no request. */
export function readLogs(request: unknown): Received<LogRecord> {
  const { resourceLogs } = fieldsOf(request, "the body");
  return collect(
    itemsOf(resourceLogs, "resourceLogs").flatMap((item) => {
      const { resource, scopeLogs } = fieldsOf(item, "a resourceLogs");
      const service = serviceOf(resource);
      return itemsOf(scopeLogs, "scopeLogs").flatMap((scoped) =>
        itemsOf(fieldsOf(scoped, "a scopeLogs")["logRecords"], "logRecords").map((log) =>
          readLog(log, service),
        ),
      );
    }),
  );
}

function collect<T>(read: readonly (T | RefusedError)[]): Received<T> {
  const items: T[] = [];
  let rejected = 0;
  let reason = "";
  for (const item of read) {
    if (!(item instanceof RefusedError)) items.push(item);
    else if (rejected++ === 0) reason = item.message;
  }
  return { items, rejected, reason };
}

function serviceOf(resource: unknown): string {
  if (resource === undefined || resource === null) return "unknown_service";
  const name = attributesOf(fieldsOf(resource, "resource")["attributes"])["service.name"];
  return name === undefined || name === "" ? "unknown_service" : name;
}

const kinds: readonly SpanKind[] = ["INTERNAL", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];
const kindNames: readonly string[] = ["UNSPECIFIED", ...kinds.slice(1)].map((kind) => `SPAN_KIND_${kind}`);
const statusNames: readonly string[] = ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];
const statusError = 2;

function readSpan(value: unknown, service: string): Span | RefusedError {
  const fields = fieldsOf(value, "a span");
  const traceId = idOf(fields["traceId"], 32);
  const spanId = idOf(fields["spanId"], 16);
  const startMs = millisecondsOf(fields["startTimeUnixNano"]);
  if (traceId === undefined)
    return new RefusedError(400, "traceId of a span must be 32 hexadecimal digits, not all 0");
  if (spanId === undefined)
    return new RefusedError(400, "spanId of a span must be 16 hexadecimal digits, not all 0");
  if (startMs === 0)
    return new RefusedError(400, "startTimeUnixNano of a span must be nanoseconds since 1970");
  const status = fields["status"] === undefined ? {} : fieldsOf(fields["status"] ?? {}, "status");
  return {
    traceId,
    spanId,
    parentSpanId: idOf(fields["parentSpanId"], 16) ?? "",
    links: readLinks(fields["links"]),
    service,
    name: textOf(fields["name"]),
    kind: kinds[numberOf(fields["kind"], kindNames)] ?? "INTERNAL",
    startMs,
    durationMs: Math.max(0, millisecondsOf(fields["endTimeUnixNano"]) - startMs),
    attributes: attributesOf(fields["attributes"]),
    error: numberOf(status["code"], statusNames) === statusError,
    message: textOf(status["message"]),
    events: readEvents(fields["events"]),
  };
}

function readLinks(list: unknown): readonly SpanLink[] {
  return itemsOf(list, "links")
    .slice(0, maxLinks)
    .flatMap((item) => {
      const fields = fieldsOf(item, "a link");
      const traceId = idOf(fields["traceId"], 32);
      const spanId = idOf(fields["spanId"], 16);
      return traceId === undefined || spanId === undefined ? [] : { traceId, spanId };
    });
}

function readEvents(list: unknown): readonly SpanEvent[] {
  return itemsOf(list, "events")
    .slice(0, maxEvents)
    .map((item) => {
      const { timeUnixNano, name, attributes } = fieldsOf(item, "an event");
      return {
        timeMs: millisecondsOf(timeUnixNano),
        name: textOf(name),
        attributes: attributesOf(attributes),
      };
    })
    .toSorted((a, b) => a.timeMs - b.timeMs);
}

const levels = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
const severitiesOfLevel = 4;

function readLog(value: unknown, service: string): LogRecord | RefusedError {
  const fields = fieldsOf(value, "a log record");
  const severity = numberOf(fields["severityNumber"]);
  return {
    timeMs:
      millisecondsOf(fields["timeUnixNano"]) || millisecondsOf(fields["observedTimeUnixNano"]) || Date.now(),
    service,
    level: levels[Math.ceil(severity / severitiesOfLevel) - 1] ?? "",
    message: valueText(fields["body"]),
    attributes: attributesOf(fields["attributes"]),
    traceId: idOf(fields["traceId"], 32) ?? "",
  };
}
