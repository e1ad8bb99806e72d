// How a trace travels: in the headers of calls, tells and messages, and in the metadata of events (A3).
import {
  context,
  createTraceState,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  trace,
  type Context,
  type TextMapGetter,
  type TextMapSetter,
} from "@opentelemetry/api";
import { tracePassedOn, type Carrier } from "./trace-context.ts";
import { activeTrace } from "./tracing.ts";

const fromCarrier: TextMapGetter<Carrier> = {
  get: (carrier, name) => carrier.get(name) ?? undefined,
  // No propagator of W3C asks; those that look for names by their beginning find none.
  keys: () => [],
};
const intoHeaders: TextMapSetter<Headers> = { set: (headers, name, value) => headers.set(name, value) };
const intoRecord: TextMapSetter<Record<string, string>> = {
  set: (record, name, value) => void (record[name] = value),
};

/** The context that headers bring; the empty one where they bring none. */
export function extractTrace(headers: Carrier): Context {
  const extracted = propagation.extract(ROOT_CONTEXT, headers, fromCarrier);
  if (trace.getSpanContext(extracted) !== undefined) return extracted;
  // The SDK has no propagator, or one that is not W3C's.
  const { traceparent, tracestate } = tracePassedOn(headers);
  const [, traceId, spanId, flags] = traceparent?.split("-") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return extracted;
  return trace.setSpanContext(extracted, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
  });
}

/** Sets a context's headers in place of those that are there. */
export function injectTrace(of: Context, headers: Headers): void {
  // It belongs to the traceparent that is replaced.
  headers.delete("tracestate");
  headers.delete("traceparent");
  propagation.inject(of, headers, intoHeaders);
  if (headers.has("traceparent")) return;
  for (const [name, value] of Object.entries(w3cOf(of))) headers.set(name, value);
}

/** A context's headers, by name. */
export function traceHeadersOf(of: Context): Record<string, string> {
  const headers: Record<string, string> = {};
  propagation.inject(of, headers, intoRecord);
  return headers["traceparent"] === undefined ? { ...headers, ...w3cOf(of) } : headers;
}

/** What is passed on of a request, to what happens because of it: the active trace, or without one that of its headers. */
export function tracePassedOnFrom(requestHeader: Headers): Record<string, string> {
  const active = activeTrace();
  return active === undefined ? tracePassedOn(requestHeader) : traceHeadersOf(active);
}

/**
 * The same for the metadata of events; undefined for no trace. Baggage is left out: it may hold what is personal, and
 * events are kept for ever.
 */
export function eventTrace(requestHeader: Headers): Readonly<Record<string, string>> | undefined {
  const active = activeTrace();
  if (active === undefined && !requestHeader.has("traceparent")) return undefined;
  const { traceparent, tracestate } = tracePassedOnFrom(requestHeader);
  if (traceparent === undefined) return undefined;
  return tracestate === undefined ? { traceparent } : { traceparent, tracestate };
}

/** The context in the metadata of an event; undefined where it has none. */
export function contextOfEvent(metadata: Readonly<Record<string, string>>): Context | undefined {
  if (metadata["traceparent"] === undefined) return undefined;
  const extracted = extractTrace({ get: (name) => metadata[name] });
  return trace.getSpanContext(extracted) === undefined ? undefined : extracted;
}

/** As the propagator of W3C Trace Context writes it. */
function w3cOf(of: Context): Record<string, string> {
  const found = trace.getSpanContext(of);
  if (found === undefined || !isSpanContextValid(found)) return {};
  const { traceId, spanId, traceFlags, traceState } = found;
  const traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
  const tracestate = traceState?.serialize() ?? "";
  return tracestate === "" ? { traceparent } : { traceparent, tracestate };
}

/** The ids of the active span, for log lines. */
export function activeIds(): { readonly trace_id: string; readonly span_id: string } | undefined {
  const found = trace.getSpanContext(context.active());
  return found === undefined ? undefined : { trace_id: found.traceId, span_id: found.spanId };
}
