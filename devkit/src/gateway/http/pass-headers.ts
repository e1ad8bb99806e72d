// Which headers go on to a service, and which come back. Invariants:
//   N1. What is about one connection stays with it (RFC 9110, 7.6.1).
//   N2. Nobody outside speaks for us: `samspel-…`, `x-forwarded-…` and their like come from the gateway alone. Callers
//       keep what is theirs to say: the id of a command, and what a query is to see.
//   N3. A token goes on, so that services can verify it themselves; unless it is to end here.
import type { IncomingHttpHeaders } from "node:http";
import type { Incoming } from "./incoming.ts";

const connectionHeaders = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
  "host",
  "content-length",
]);

/** What the gateway says itself, or what is between a browser and it. */
const ownHeaders =
  /^(:|samspel-|x-forwarded-|sec-|x-request-id$|x-real-ip$|forwarded$|traceparent$|tracestate$|baggage$|origin$|referer$|expect$|upgrade-insecure-requests$|access-control-|priority$|grpc-timeout$|connect-timeout-ms$|date$)/;

/** N2: a command's id, and positions that a query is to see. */
const callersOwn = new Set(["samspel-command-id", "samspel-after"]);

/** What is of the protocol, and made anew where a call is converted. */
const protocolHeaders =
  /^(grpc-|connect-|x-grpc-web$|x-user-agent$|user-agent$|content-type$|content-encoding$|accept$|accept-encoding$|cache-control$|pragma$|if-)/;

export interface PassedHeaders {
  /** Of the protocol as well, as the bytes go on as they are. */
  readonly withProtocol: boolean;
  /** Whether tokens end at the gateway (N3). */
  readonly endsTokens: boolean;
}

/** What a service gets: the caller's own headers, and what the gateway says of the caller. */
export function headersToService(
  incoming: Incoming,
  { withProtocol, endsTokens }: PassedHeaders,
): Record<string, string | string[]> {
  const { headers, principal } = incoming;
  const passed: Record<string, string | string[]> = {};
  const named = new Set(headers.connection?.toLowerCase().split(/\s*,\s*/));
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || connectionHeaders.has(name) || named.has(name)) continue;
    if (ownHeaders.test(name) && !callersOwn.has(name)) continue;
    if (!withProtocol && protocolHeaders.test(name)) continue;
    if (endsTokens && name === "authorization") continue;
    passed[name] = value;
  }
  Object.assign(passed, incoming.trace);
  passed["x-request-id"] = incoming.id;
  passed["x-forwarded-for"] = incoming.address;
  passed["x-forwarded-proto"] = incoming.isTls ? "https" : "http";
  if (incoming.host !== "") passed["x-forwarded-host"] = incoming.host;
  if (principal !== undefined) {
    passed["samspel-principal"] = asHeader(principal.subject);
    passed["samspel-principal-claims"] = Buffer.from(JSON.stringify(principal.claims)).toString("base64url");
  }
  return passed;
}

/** Printable ASCII, which is all that metadata can carry; the rest, and `%`, percent-encoded. */
function asHeader(text: string): string {
  return text.toWellFormed().replace(/[^ -~]|%/gu, encodeURIComponent);
}

/** What comes back with bytes that are passed on. */
export function headersToCaller(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const passed: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.startsWith(":") || name === "date") continue;
    if (!connectionHeaders.has(name)) passed[name] = value;
  }
  return passed;
}

/** For Connect, whose headers repeat by `append`. */
export function toHeaders(headers: Readonly<Record<string, string | string[]>>): Headers {
  const all = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    for (const one of typeof value === "string" ? [value] : value) all.append(name, one);
  }
  return all;
}
