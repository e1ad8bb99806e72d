// A trace in a line, and whether it is one of those that are asked for.
import type { Span, TraceFilter, TraceSummary } from "./collector.ts";
import type { StoredTrace } from "./span-store.ts";

/** Of a trace with a span at least. */
export function summarize({ traceId, spans }: StoredTrace): TraceSummary {
  let first: Span | undefined;
  let startMs = Infinity;
  let endMs = 0;
  let errors = 0;
  const services = new Set<string>();
  for (const span of spans.values()) {
    if (first === undefined || isBefore(span, first, spans)) first = span;
    startMs = Math.min(startMs, span.startMs);
    endMs = Math.max(endMs, span.startMs + span.durationMs);
    if (span.error) errors++;
    services.add(span.service);
  }
  return {
    traceId,
    name: first?.name ?? "",
    service: first?.service ?? "",
    startMs,
    durationMs: endMs - startMs,
    spans: spans.size,
    errors,
    services: [...services].toSorted(),
  };
}

/** What has no parent here is before what has one; then the clock counts. */
function isBefore(a: Span, b: Span, spans: ReadonlyMap<string, Span>): boolean {
  const aIsRoot = !spans.has(a.parentSpanId);
  const bIsRoot = !spans.has(b.parentSpanId);
  return aIsRoot === bIsRoot ? a.startMs < b.startMs : aIsRoot;
}

export function matches(
  { service, text, errors, minDurationMs }: TraceFilter,
  summary: TraceSummary,
  { spans }: StoredTrace,
): boolean {
  if (service !== undefined && !summary.services.includes(service)) return false;
  if (errors === true && summary.errors === 0) return false;
  if (minDurationMs !== undefined && summary.durationMs < minDurationMs) return false;
  if (text === undefined || text === "") return true;
  const wanted = text.toLowerCase();
  return [...spans.values()].some(
    ({ name, attributes }) =>
      name.toLowerCase().includes(wanted) ||
      Object.values(attributes).some((value) => value.toLowerCase().includes(wanted)),
  );
}
