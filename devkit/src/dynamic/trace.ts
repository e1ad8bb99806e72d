// The trace that a call begins, or belongs to.
import { randomBytes } from "node:crypto";

export interface Traced {
  readonly headers: Readonly<Record<string, string>>;
  /** In hexadecimal. */
  readonly traceId: string;
}

/** W3C Trace Context: version, trace, span, flags. */
const traceparent = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/;

/** Adds a sampled `traceparent` where the headers have none. */
export function withTrace(given: Readonly<Record<string, string>>): Traced {
  const headers = inLowerCase(given);
  const known = traceIdOf(headers);
  if (known !== undefined) return { headers, traceId: known };
  const traceId = randomBytes(16).toString("hex");
  const spanId = randomBytes(8).toString("hex");
  return { headers: { ...headers, traceparent: `00-${traceId}-${spanId}-01` }, traceId };
}

/** The trace that headers say, in hexadecimal; undefined where they say none. */
export function traceIdOf(headers: Readonly<Record<string, string>>): string | undefined {
  return traceparent.exec(inLowerCase(headers)["traceparent"] ?? "")?.[1];
}

function inLowerCase(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
