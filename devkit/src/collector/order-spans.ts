// The spans of a trace in an order that people can read, whatever the clocks of its machines say.
//
// A span that would begin before its parent, on another service, cannot be true: that service's clock is behind. The
// span is moved to where its parent begins, and with it what is below it on its service. Where the call's length is known
// from both sides, it is put in the middle of its parent instead, as half of what is left went each way.
import type { Span } from "./collector.ts";

/** Orders spans as `Trace.spans` says. */
export function orderSpans(spans: Iterable<Span>): readonly Span[] {
  const all = new Map(Array.from(spans, (span) => [span.spanId, span]));
  const children = new Map<string, Span[]>();
  const roots: Span[] = [];
  for (const span of all.values()) {
    const { parentSpanId } = span;
    if (parentSpanId === span.spanId || !all.has(parentSpanId)) roots.push(span);
    else {
      const siblings = children.get(parentSpanId);
      if (siblings === undefined) children.set(parentSpanId, [span]);
      else siblings.push(span);
    }
  }
  const ordered: Span[] = [];
  const seen = new Set<string>();
  const visit = (first: readonly Placed[]): void => {
    // A stack of our own: a trace may be deeper than the one of calls.
    const stack = byStart(first).toReversed();
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const { span, shiftMs } = next;
      if (seen.has(span.spanId)) continue;
      seen.add(span.spanId);
      const placed = moved(span, shiftMs);
      ordered.push(placed);
      const below = (children.get(span.spanId) ?? []).map((child) => ({
        span: child,
        shiftMs: shiftOf(child, placed, shiftMs),
      }));
      stack.push(...byStart(below).toReversed());
    }
  };
  visit(roots.map((span) => ({ span, shiftMs: 0 })));
  // Of spans that are each other's parents none is a root.
  for (const span of all.values()) if (!seen.has(span.spanId)) visit([{ span, shiftMs: 0 }]);
  return ordered;
}

interface Placed {
  readonly span: Span;
  readonly shiftMs: number;
}

function byStart(placed: readonly Placed[]): readonly Placed[] {
  return placed.toSorted((a, b) => a.span.startMs + a.shiftMs - (b.span.startMs + b.shiftMs));
}

/** How far a span is moved; `parent` is moved already, by `parentShiftMs`. */
function shiftOf(span: Span, parent: Span, parentShiftMs: number): number {
  if (span.service === parent.service) return parentShiftMs;
  const { startMs, durationMs } = span;
  if (startMs >= parent.startMs) return 0;
  const spareMs = parent.kind === "CLIENT" ? Math.max(0, parent.durationMs - durationMs) : 0;
  return parent.startMs + spareMs / 2 - startMs;
}

function moved(span: Span, shiftMs: number): Span {
  if (shiftMs === 0) return span;
  return {
    ...span,
    startMs: span.startMs + shiftMs,
    events: span.events.map((event) => ({ ...event, timeMs: event.timeMs + shiftMs })),
  };
}
