// The latest traces, in memory.
//
// Invariants:
//   S1. At most `maxSpans` spans and about `maxBytes` are kept. Traces that were quiet longest leave first, whole.
//   S2. No trace takes more than half of the room, so that one that never ends does not drive out all others: its
//       further spans are dropped.
//   S3. A span that is sent again takes the place of the first; one that comes late joins its trace.
import type { Span } from "./collector.ts";

/** A trace as far as it has come. */
export interface StoredTrace {
  readonly traceId: string;
  /** By their ids. */
  readonly spans: Map<string, Span>;
  bytes: number;
}

export interface SpanStore {
  /** The one that was quiet longest comes first. */
  readonly traces: ReadonlyMap<string, StoredTrace>;
  /** How many spans there are. */
  readonly size: number;
  add(span: Span): void;
  clear(): void;
}

/** What V8 takes for a span beside its texts. */
const spanBytes = 600;
const entryBytes = 100;

export function createSpanStore({
  maxSpans,
  maxBytes,
}: {
  readonly maxSpans: number;
  readonly maxBytes: number;
}): SpanStore {
  const traces = new Map<string, StoredTrace>();
  let size = 0;
  let bytes = 0;

  const drop = (trace: StoredTrace): void => {
    traces.delete(trace.traceId);
    size -= trace.spans.size;
    bytes -= trace.bytes;
  };

  const makeRoom = (): void => {
    for (const trace of traces.values()) {
      if (size <= maxSpans && bytes <= maxBytes) return;
      drop(trace);
    }
  };

  return {
    traces,
    get size() {
      return size;
    },
    add(span) {
      const { traceId, spanId } = span;
      const trace = traces.get(traceId) ?? { traceId, spans: new Map<string, Span>(), bytes: 0 };
      const before = trace.spans.get(spanId);
      const added = bytesOf(span) - (before === undefined ? 0 : bytesOf(before));
      const isFull =
        (before === undefined && trace.spans.size >= Math.max(1, maxSpans / 2)) ||
        trace.bytes + added > maxBytes / 2;
      if (isFull) return;
      trace.spans.set(spanId, span);
      trace.bytes += added;
      bytes += added;
      if (before === undefined) size++;
      // To the end: it is the one that was quiet shortest.
      traces.delete(traceId);
      traces.set(traceId, trace);
      makeRoom();
    },
    clear() {
      traces.clear();
      size = 0;
      bytes = 0;
    },
  };
}

function bytesOf({ name, message, attributes, events, links }: Span): number {
  let bytes = spanBytes + name.length + message.length + links.length * entryBytes;
  bytes += bytesOfAttributes(attributes);
  for (const event of events) bytes += entryBytes + event.name.length + bytesOfAttributes(event.attributes);
  return bytes;
}

function bytesOfAttributes(attributes: Readonly<Record<string, string>>): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(attributes)) bytes += entryBytes + name.length + value.length;
  return bytes;
}
