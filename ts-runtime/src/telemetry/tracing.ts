// Traces, through the API of OpenTelemetry alone: who runs a service sets up an SDK, or `startExport` does.
//
// Invariants:
//   T1. Without an SDK nothing is spent on spans: `createTracing` gives undefined, asked once for each part when it is
//       made, and a part without it takes the path that it always took.
//   T2. What happens inside of a process, and what is published from the journal, continues a trace and never begins
//       one; where the trace is not sampled it makes no span. So a rebuild of a million old events makes none.
//   T3. Contexts travel as W3C headers (TRACE-1), through the propagator of the SDK, or by ourselves where it has none.
import {
  context,
  isSpanContextValid,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Link,
  type Span,
  type Tracer,
} from "@opentelemetry/api";
import { spanTypes, type SpanAttribute, type SpanType } from "./span-types.ts";

export type SpanAttributes = Readonly<Partial<Record<SpanAttribute, string | number>>>;

export interface SpanStart {
  readonly type: SpanType;
  readonly name: string;
  readonly attributes?: SpanAttributes;
  /** Default: the active one. */
  readonly parent?: Context;
  readonly links?: readonly Link[];
}

/** How the runtime is called in its spans. */
export const tracerName = "@samspel/runtime";

/** A span that was started; end it once. */
export class RunningSpan {
  /** What runs in it. */
  readonly context: Context;
  readonly #span: Span;

  constructor(span: Span, parent: Context) {
    this.#span = span;
    this.context = trace.setSpan(parent, span);
  }

  set(attributes: SpanAttributes): void {
    this.#span.setAttributes(attributes);
  }

  event(name: string, attributes: SpanAttributes): void {
    this.#span.addEvent(name, attributes);
  }

  /** Says that it failed; `message` is what people read. */
  fail(type: string, message: string): void {
    this.#span.setAttribute("error.type", type);
    this.#span.setStatus({ code: SpanStatusCode.ERROR, message });
  }

  /** Runs work in it. */
  within<T>(work: () => T): T {
    return context.with(this.context, work);
  }

  /** For spans that have to do with it. */
  asLink(): readonly Link[] {
    return [{ context: this.#span.spanContext() }];
  }

  end(): void {
    this.#span.end();
  }
}

/** Makes spans. */
export class Tracing {
  readonly #tracer: Tracer;

  /** Default: with the process's provider. */
  constructor(tracer: Tracer = trace.getTracer(tracerName)) {
    this.#tracer = tracer;
  }

  start({ type, name, attributes = {}, parent = context.active(), links }: SpanStart): RunningSpan {
    const { kind } = spanTypes[type];
    const options = {
      kind,
      attributes,
      ...(links === undefined ? {} : { links: [...links] }),
    };
    return new RunningSpan(this.#tracer.startSpan(name, options, parent), parent);
  }

  /** Runs work in a span of its own, which ends with it. */
  async run<T>(start: SpanStart, work: (span: RunningSpan) => Promise<T>): Promise<T> {
    const span = this.start(start);
    try {
      return await span.within(() => work(span));
    } catch (error) {
      const { type, message } = failureOf(error);
      span.fail(type, message);
      throw error;
    } finally {
      span.end();
    }
  }
}

/** The parent of what begins a trace. */
export const noTrace: Context = ROOT_CONTEXT;

/** Undefined where nobody wants spans (T1). */
export function createTracing(): Tracing | undefined {
  return isTraced() ? new Tracing() : undefined;
}

const noProvider = new ProxyTracerProvider().getDelegate();

/** Whether an SDK is registered. */
export function isTraced(): boolean {
  const provider = trace.getTracerProvider();
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegate() !== noProvider;
}

/** Whether a context belongs to a trace that is recorded (T2). */
export function isSampled(of: Context = context.active()): boolean {
  const found = trace.getSpanContext(of);
  return found !== undefined && isSpanContextValid(found) && (found.traceFlags & TraceFlags.SAMPLED) !== 0;
}

/** The active context where it belongs to a trace, else undefined. */
export function activeTrace(): Context | undefined {
  const active = context.active();
  if (active === ROOT_CONTEXT) return undefined;
  const found = trace.getSpanContext(active);
  return found !== undefined && isSpanContextValid(found) ? active : undefined;
}

/** A link to the span of a context; undefined where there is none. */
function linkTo(of: Context): Link | undefined {
  const found = trace.getSpanContext(of);
  return found !== undefined && isSpanContextValid(found) ? { context: found } : undefined;
}

/** The same as a list, for a span that has no other. */
export function linksTo(of: Context): readonly Link[] {
  const link = linkTo(of);
  return link === undefined ? [] : [link];
}

/** The most links of a span; SDKs drop more. */
const maxLinks = 128;

/** What work on several things at once belongs to. */
export interface Causes {
  /** The first thing's where all are of one trace, else none. */
  readonly parent: Context;
  /** To what the parent does not say. */
  readonly links: readonly Link[];
  /** Each trace with its first thing, and how many it has. */
  readonly traces: readonly { readonly first: Context; readonly count: number }[];
}

/** Of work on several things at once: the child of the first where all are of one trace, else a trace with links. */
export function causesOf(contexts: readonly Context[]): Causes {
  const links = new Map<string, Link>();
  const traces = new Map<string, { readonly first: Context; count: number }>();
  for (const of of contexts) {
    const link = linkTo(of);
    if (link === undefined) continue;
    const { traceId, spanId } = link.context;
    const known = traces.get(traceId);
    if (known === undefined) traces.set(traceId, { first: of, count: 1 });
    else known.count++;
    if (links.size < maxLinks) links.set(`${traceId}/${spanId}`, link);
  }
  const all = [...traces.values()];
  const [only, another] = all;
  if (only === undefined || another !== undefined)
    return { parent: ROOT_CONTEXT, links: [...links.values()], traces: all };
  return { parent: only.first, links: [...links.values()].slice(1), traces: all };
}

/** Notes at the active span, if there is one, why it fails: what the caller is not told. */
export function recordException(error: unknown): void {
  const span = trace.getActiveSpan();
  if (span === undefined || !span.isRecording()) return;
  span.recordException(error instanceof Error ? error : String(error));
}

/** Adds to the active span, if there is one. */
export function describeSpan(attributes: SpanAttributes): void {
  trace.getActiveSpan()?.setAttributes(attributes);
}

/** Notes something at the active span, if there is one. */
export function addSpanEvent(name: string, attributes: Readonly<Record<string, string | number>>): void {
  trace.getActiveSpan()?.addEvent(name, { ...attributes });
}

/** Of an error: a stable code where it has one, else its name. */
export function failureOf(error: unknown): { readonly type: string; readonly message: string } {
  if (!(error instanceof Error)) return { type: "_OTHER", message: String(error) };
  const coded = codeOf(error) ?? codeOf(error.cause);
  return { type: coded ?? error.name, message: error.message };
}

/** What callers know the error by: of a `SamspelError`, its reason. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ("reason" in error && typeof error.reason === "string") return error.reason;
  return "code" in error && typeof error.code === "string" ? error.code : undefined;
}
