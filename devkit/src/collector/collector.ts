// The development collector: services send their spans to it by OTLP, and the dashboard asks it what happened.
//
// Everything is in memory and bounded: where a bound is reached, the traces that were quiet longest leave first. It is
// made for one machine in development; production has a real one.

/** What a span is, as OpenTelemetry has it. */
export type SpanKind = "INTERNAL" | "SERVER" | "CLIENT" | "PRODUCER" | "CONSUMER";

/** Something that happened within a span. */
export interface SpanEvent {
  /** Milliseconds since 1970, with a fraction. */
  readonly timeMs: number;
  readonly name: string;
  /** Values as text. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** Another span that this one has to do with, and that is not its parent. */
export interface SpanLink {
  /** 32 hexadecimal digits, lower case. */
  readonly traceId: string;
  /** 16 hexadecimal digits, lower case. */
  readonly spanId: string;
}

/** A span, as it was received. Nothing in it changes later, except by `Trace` as said there. */
export interface Span {
  /** 32 hexadecimal digits, lower case. */
  readonly traceId: string;
  /** 16 hexadecimal digits, lower case. */
  readonly spanId: string;
  /** 16 hexadecimal digits; empty for a root. The parent may be missing: not sent yet, or not kept any more. */
  readonly parentSpanId: string;
  readonly links: readonly SpanLink[];
  /** `service.name` of who sent it; `unknown_service` where it did not say. */
  readonly service: string;
  readonly name: string;
  readonly kind: SpanKind;
  /** Milliseconds since 1970 by the clock of the sender, with a fraction. */
  readonly startMs: number;
  /** Never negative. */
  readonly durationMs: number;
  /** Values as text: strings as they are, all else as JSON. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Whether its status is an error. */
  readonly error: boolean;
  /** What the status says; empty where it says nothing. */
  readonly message: string;
  /** By their times. */
  readonly events: readonly SpanEvent[];
}

/** A whole trace, as far as it has come. */
export interface Trace {
  readonly traceId: string;
  /**
   * Parents before their children, siblings by their beginnings. Where the clocks of two machines differ, so that a
   * child would begin before its parent, the child and what is below it on its service are moved: `startMs` and the
   * times of events are the moved ones.
   */
  readonly spans: readonly Span[];
}

/** A trace in a line. */
export interface TraceSummary {
  readonly traceId: string;
  /** Of its first span. */
  readonly name: string;
  /** Of its first span. */
  readonly service: string;
  /** When it began, in milliseconds since 1970. */
  readonly startMs: number;
  /** From its first beginning to its last end. */
  readonly durationMs: number;
  /** How many spans it has. */
  readonly spans: number;
  /** How many of them failed. */
  readonly errors: number;
  /** All services that take part, by name. */
  readonly services: readonly string[];
}

/** Which traces are asked for; what is left out does not matter. */
export interface TraceFilter {
  /** Only with a span of this service. */
  readonly service?: string;
  /** Only with a span whose name or an attribute's value contains this, in any case. */
  readonly text?: string;
  /** Only with an error. */
  readonly errors?: boolean;
  /** Only those that took so long or longer. */
  readonly minDurationMs?: number;
  /** At most so many. Default 100. */
  readonly limit?: number;
}

/** How calls, tells or messages went. */
export interface Traffic {
  readonly count: number;
  readonly errors: number;
  /** Half of them took no longer. */
  readonly p50Ms: number;
  /** 99 of a hundred took no longer. */
  readonly p99Ms: number;
}

/** How one service reaches another. */
export type EdgeKind = "ask" | "tell" | "topic";

/** Who reaches whom. */
export interface TrafficEdge {
  /** Who calls, tells or publishes; empty where nobody knows. */
  readonly source: string;
  /** Who is called, told, or consumes; empty where it sends no spans: then `subject` says what it serves. */
  readonly target: string;
  readonly kind: EdgeKind;
  /** The full name of the proto service, or the topic's. */
  readonly subject: string;
  /** From the target's side where it sent spans, else from the source's. */
  readonly traffic: Traffic;
}

/** What passed within a while. */
export interface TrafficReport {
  /** What each service served, by its name. */
  readonly services: ReadonlyMap<string, Traffic>;
  readonly edges: readonly TrafficEdge[];
}

/** A log record that came by OTLP. Logs of the toolkit's services come on their standard output instead. */
export interface LogRecord {
  readonly timeMs: number;
  readonly service: string;
  /** `trace`, `debug`, `info`, `warn`, `error`, `fatal`, or empty. */
  readonly level: string;
  readonly message: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** 32 hexadecimal digits, or empty. */
  readonly traceId: string;
}

/** Where and how much. */
export interface CollectorOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: one that is free. */
  readonly port?: number;
  /** How many spans are kept. Default 20,000. */
  readonly maxSpans?: number;
  /** How many bytes, roughly, spans may take. Default 64 MiB. */
  readonly maxBytes?: number;
}

/** See the top of this file. */
export interface Collector {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`: `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** The latest traces that match, the newest first. */
  listTraces(this: void, filter?: TraceFilter): readonly TraceSummary[];
  /** A whole trace; undefined where it is not kept, or not any more. Takes the id in any case. */
  getTrace(this: void, traceId: string): Trace | undefined;
  /** What ended within the last so many milliseconds, as far as its spans are kept. Default a minute. */
  traffic(this: void, windowMs?: number): TrafficReport;
  /** Takes spans of who runs in this process, such as the gateway of `samspel dev`. */
  record(this: void, spans: readonly Span[]): void;
  /** Hears, at most ten times a second, that there are new spans. Gives back how to stop it. */
  onChange(this: void, listener: () => void): () => void;
  /** Hears each log record; none is kept here. Gives back how to stop it. */
  onLog(this: void, listener: (record: LogRecord) => void): () => void;
  /** Stops listening, and forgets everything. */
  close(this: void): Promise<void>;
}
