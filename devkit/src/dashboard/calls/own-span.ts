// The dashboard's own spans: without them a trace would have no root, and nobody would know who began it.
import { randomBytes } from "node:crypto";
import type { Span } from "../../collector/index.ts";

/** As which the dashboard appears among services. */
export const ownName = "dashboard";

export interface OwnSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What is known of it when what it is about is over. */
export interface EndedSpan {
  readonly name: string;
  readonly kind: "CLIENT" | "PRODUCER";
  readonly startMs: number;
  readonly durationMs: number;
  readonly attributes: Readonly<Record<string, string>>;
  /** What went wrong; undefined where nothing did. */
  readonly failure: string | undefined;
}

/** Begins a trace; not where the headers say which one it belongs to. */
export function beginSpan(headers: Readonly<Record<string, string>>): OwnSpan | undefined {
  if (Object.keys(headers).some((name) => name.toLowerCase() === "traceparent")) return undefined;
  const traceId = randomBytes(16).toString("hex");
  const spanId = randomBytes(8).toString("hex");
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-01` } };
}

/** The span as the collector keeps it. */
export function endedSpan({ traceId, spanId }: OwnSpan, { failure, ...ended }: EndedSpan): Span {
  return {
    ...ended,
    traceId,
    spanId,
    parentSpanId: "",
    links: [],
    service: ownName,
    error: failure !== undefined,
    message: failure ?? "",
    events: [],
  };
}
