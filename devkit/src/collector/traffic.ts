// Who called, told and published to whom: kept apart from the traces, and longer, as it takes little room.
import type { EdgeKind, Span, Traffic, TrafficEdge, TrafficReport } from "./collector.ts";

/** What counts of a span. */
interface Passage {
  readonly spanId: string;
  /** Its parent, and what it has links to. */
  readonly causes: readonly string[];
  readonly service: string;
  readonly kind: "SERVER" | "CLIENT" | "PRODUCER" | "CONSUMER";
  readonly edge: EdgeKind;
  readonly subject: string;
  readonly endMs: number;
  readonly durationMs: number;
  readonly error: boolean;
}

export interface TrafficLog {
  add(span: Span): void;
  report(windowMs: number): TrafficReport;
  clear(): void;
}

const maxCauses = 8;
const tellPrefix = "tell.";

/** Keeps the latest `maxRecords` of what counts. */
export function createTrafficLog(maxRecords: number = 50_000): TrafficLog {
  /** By the ids of spans; the oldest comes first. */
  const records = new Map<string, Passage>();

  return {
    add(span) {
      const record = recordOf(span);
      if (record === undefined) return;
      records.delete(record.spanId);
      records.set(record.spanId, record);
      const oldest = records.size > maxRecords ? records.keys().next().value : undefined;
      if (oldest !== undefined) records.delete(oldest);
    },
    report: (windowMs) => reportOf(records, Date.now() - windowMs),
    clear: () => records.clear(),
  };
}

function recordOf(span: Span): Passage | undefined {
  const { kind, spanId, parentSpanId, links, service, startMs, durationMs, error, attributes } = span;
  if (kind === "INTERNAL") return undefined;
  const destination = attributes["messaging.destination.name"];
  const protoService = attributes["rpc.service"];
  const isCall = kind === "SERVER" || kind === "CLIENT";
  // Of other protocols, such as a database: neither side is a service of ours.
  if ((isCall ? protoService : destination) === undefined) return undefined;
  const isTell = !isCall && destination?.startsWith(tellPrefix) === true;
  const told = isTell ? destination.slice(tellPrefix.length) : undefined;
  return {
    spanId,
    causes: [parentSpanId, ...links.map((link) => link.spanId)].filter((id) => id !== "").slice(0, maxCauses),
    service,
    kind,
    edge: isCall ? "ask" : isTell ? "tell" : "topic",
    subject: (isCall ? protoService : (told ?? destination)) ?? "",
    endMs: startMs + durationMs,
    durationMs,
    error,
  };
}

class Tally {
  errors = 0;
  readonly durations: number[] = [];

  add({ error, durationMs }: Passage): void {
    if (error) this.errors++;
    this.durations.push(durationMs);
  }

  traffic(): Traffic {
    const sorted = Float64Array.from(this.durations).toSorted();
    return {
      count: sorted.length,
      errors: this.errors,
      p50Ms: quantile(sorted, 0.5),
      p99Ms: quantile(sorted, 0.99),
    };
  }
}

/** The nearest rank: so many took no longer. */
function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

function reportOf(records: ReadonlyMap<string, Passage>, sinceMs: number): TrafficReport {
  const services = new Map<string, Tally>();
  const edges = new Map<string, Omit<TrafficEdge, "traffic"> & { readonly tally: Tally }>();
  const answered = new Set<string>();
  const servers = new Map<string, string>();

  const count = (source: string, target: string, record: Passage): void => {
    const { edge: kind, subject } = record;
    const key = JSON.stringify([source, target, kind, subject]);
    const found = edges.get(key) ?? { source, target, kind, subject, tally: new Tally() };
    found.tally.add(record);
    edges.set(key, found);
  };

  for (const record of records.values()) {
    const { kind, service, causes, subject } = record;
    if (kind !== "SERVER" && kind !== "CONSUMER") continue;
    if (kind === "SERVER") servers.set(subject, service);
    for (const cause of causes) answered.add(cause);
    if (record.endMs < sinceMs) continue;
    const tally = services.get(service) ?? new Tally();
    tally.add(record);
    services.set(service, tally);
    count(sourceOf(record, records), service, record);
  }
  // Calls whose other side said nothing: it never got them, or sends no spans.
  for (const record of records.values()) {
    if (record.kind !== "CLIENT" || record.endMs < sinceMs || answered.has(record.spanId)) continue;
    count(record.service, servers.get(record.subject) ?? "", record);
  }
  return {
    services: new Map(Array.from(services, ([name, tally]) => [name, tally.traffic()])),
    edges: Array.from(edges.values(), ({ tally, ...edge }) => ({ ...edge, traffic: tally.traffic() })),
  };
}

/** The service of the first of its causes that is known; empty for none. */
function sourceOf({ causes }: Passage, records: ReadonlyMap<string, Passage>): string {
  for (const cause of causes) {
    const found = records.get(cause);
    if (found !== undefined) return found.service;
  }
  return "";
}
