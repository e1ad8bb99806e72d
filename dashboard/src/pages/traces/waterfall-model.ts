// A trace as rows of a waterfall.
import type { Span } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { durationMs, timeMs } from "../../format/index.ts";

/** What kind of work a span is, by the conventions of its attributes. */
type SpanWork = "ask" | "tell" | "topic" | "entity" | "journal" | "projection" | "work";

/** A span at its place. */
export interface SpanRow {
  readonly span: Span;
  readonly depth: number;
  readonly work: SpanWork;
  /** From the trace's beginning. */
  readonly startMs: number;
  readonly durationMs: number;
  /** How many spans are below it, at any depth. */
  readonly below: number;
}

/** A whole trace. */
export interface Waterfall {
  readonly rows: readonly SpanRow[];
  readonly startMs: number;
  readonly totalMs: number;
}

/** By the conventions of OpenTelemetry, and Samspel's own attributes. */
function workOf(span: Span): SpanWork {
  const { attributes } = span;
  if (attributes["samspel.projection"] !== undefined) return "projection";
  if (attributes["samspel.tell.id"] !== undefined) return "tell";
  if (attributes["messaging.destination.name"] !== undefined) return "topic";
  if (/append/i.test(span.name) && attributes["samspel.revision"] !== undefined) return "journal";
  if (attributes["samspel.entity.type"] !== undefined && span.kind === "INTERNAL") return "entity";
  if (attributes["rpc.service"] !== undefined) return "ask";
  return "work";
}

/** Rows in the order of a walk through the tree, each level by time. A span whose parent is unknown is a root. */
export function waterfall(spans: readonly Span[]): Waterfall {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const children = new Map<string, Span[]>();
  for (const span of spans) {
    const parent = ids.has(span.parentSpanId) && span.parentSpanId !== span.spanId ? span.parentSpanId : "";
    children.set(parent, [...(children.get(parent) ?? []), span]);
  }
  const startMs = spans.reduce((least, span) => Math.min(least, timeMs(span.start)), Infinity);
  const endMs = spans.reduce(
    (most, span) => Math.max(most, timeMs(span.start) + durationMs(span.duration)),
    0,
  );
  const rows: SpanRow[] = [];
  const seen = new Set<string>();
  const walk = (siblings: readonly Span[], depth: number): number => {
    const level = siblings.toSorted((a, b) => timeMs(a.start) - timeMs(b.start));
    let count = 0;
    for (const span of level) {
      if (seen.has(span.spanId)) continue;
      seen.add(span.spanId);
      const at = rows.length;
      const row = {
        span,
        depth,
        work: workOf(span),
        startMs: timeMs(span.start) - startMs,
        durationMs: durationMs(span.duration),
      };
      rows.push({ ...row, below: 0 });
      const below = walk(children.get(span.spanId) ?? [], depth + 1);
      rows[at] = { ...row, below };
      count += below + 1;
    }
    return count;
  };
  walk(children.get("") ?? [], 0);
  // Spans that name each other as parents hang on no root: they are shown all the same.
  for (const span of spans) if (!seen.has(span.spanId)) walk([span], 0);
  return { rows, startMs, totalMs: Math.max(endMs - startMs, 0.001) };
}

/** The rows that show while some spans are folded. */
export function unfolded(rows: readonly SpanRow[], folded: ReadonlySet<string>): readonly SpanRow[] {
  const shown: SpanRow[] = [];
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index];
    if (row === undefined) break;
    shown.push(row);
    if (folded.has(row.span.spanId)) index += row.below;
  }
  return shown;
}

/** Without the package: the whole name stands in the title. */
export function shortName(name: string): string {
  return name.replace(/(^|\s)(?:[a-z]\w*\.)+(?=[A-Z])/, "$1");
}
