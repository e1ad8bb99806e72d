// The trace that a request belongs to, passed on to what is asked, told and published because of it (A3). The rules
// are those of the joining contract (TRACE-1 to TRACE-3); interop/vectors/trace.json has examples.

/** W3C Trace Context, level 1: a later version may have more behind the flags, and only a dash may come before it. */
const traceparentPattern =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?<more>-.*)?$/;

/** W3C Baggage: what is longer need not be passed on. */
const maxBaggageBytes = 8_192;

/** Headers of a call, or of a message by names in lower case. */
export interface Carrier {
  get(name: string): string | null | undefined;
}

/** What of an incoming request's headers is passed on: nothing that is malformed. */
export function tracePassedOn(incoming: Carrier): Record<string, string> {
  const headers: Record<string, string> = {};
  const traceparent = incoming.get("traceparent") ?? "";
  if (isTraceparent(traceparent)) {
    headers["traceparent"] = traceparent;
    const tracestate = incoming.get("tracestate") ?? "";
    if (tracestate !== "") headers["tracestate"] = tracestate;
  }
  const baggage = incoming.get("baggage") ?? "";
  if (baggage !== "" && baggage.length <= maxBaggageBytes) headers["baggage"] = baggage;
  return headers;
}

function isTraceparent(text: string): boolean {
  const match = traceparentPattern.exec(text);
  // Version 00 has nothing behind its flags.
  return match !== null && (match.groups?.["more"] === undefined || !text.startsWith("00"));
}
