// Spans for tests of the collector.
import type { Span } from "../../devkit/src/collector/index.ts";

/** A span of trace 1 on service `cart`; ids are given as small numbers. */
export function span(fields: Partial<Omit<Span, "spanId" | "parentSpanId" | "traceId">> & SpanIds): Span {
  const { trace = 1, id, parent, ...others } = fields;
  return {
    traceId: traceIdOf(trace),
    spanId: spanIdOf(id),
    parentSpanId: parent === undefined ? "" : spanIdOf(parent),
    links: [],
    service: "cart",
    name: `span ${id}`,
    kind: "INTERNAL",
    startMs: Date.now(),
    durationMs: 10,
    attributes: {},
    error: false,
    message: "",
    events: [],
    ...others,
  };
}

interface SpanIds {
  readonly trace?: number;
  readonly id: number;
  readonly parent?: number;
}

export function traceIdOf(number: number): string {
  return number.toString(16).padStart(32, "0");
}

export function spanIdOf(number: number): string {
  return number.toString(16).padStart(16, "0");
}
