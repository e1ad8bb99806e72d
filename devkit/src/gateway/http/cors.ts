// CORS: which pages of other origins may call (fetch.spec.whatwg.org).
import type { NodeRequest, NodeResponse } from "@samspel/runtime/proxy";
import type { CorsOptions } from "../options.ts";

export interface Cors {
  /** Says in the answer what the page may do; true for a preflight, which is answered by it. */
  apply(request: NodeRequest, response: NodeResponse): boolean;
  /** Whether a page of that origin may call; also for WebSockets, which browsers open to anywhere. */
  allows(origin: string): boolean;
}

const methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/** What the protocols, and our own clients, send. */
const protocolHeaders = [
  "content-type",
  "authorization",
  "accept",
  "connect-protocol-version",
  "connect-timeout-ms",
  "connect-accept-encoding",
  "connect-content-encoding",
  "grpc-timeout",
  "x-grpc-web",
  "x-user-agent",
  "x-request-id",
  "traceparent",
  "tracestate",
  "baggage",
  "samspel-command-id",
  "samspel-after",
];

/** What a page may read; `*` is not for answers to credentials, nor in old browsers. */
const exposed = [
  "grpc-status",
  "grpc-message",
  "grpc-status-details-bin",
  "grpc-encoding",
  "connect-content-encoding",
  "x-request-id",
  "samspel-position",
  "retry-after",
  "www-authenticate",
];

export function createCors(options: CorsOptions | undefined): Cors {
  if (options === undefined) return { apply: () => false, allows: () => false };
  const { origins, credentials = false, headers = [], maxAgeS = 7_200 } = options;
  const all = origins.includes("*");
  const named = new Set(origins);
  const allows = (origin: string): boolean => all || named.has(origin);
  const allowedHeaders = [...protocolHeaders, ...headers.map((name) => name.toLowerCase())].join(", ");
  return {
    allows,
    apply(request, response) {
      const { origin } = request.headers;
      const isPreflight =
        request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;
      if (!all) response.setHeader("vary", "origin");
      if (typeof origin === "string" && allows(origin)) {
        response.setHeader("access-control-allow-origin", all ? "*" : origin);
        if (credentials) response.setHeader("access-control-allow-credentials", "true");
        if (isPreflight) {
          response.setHeader("access-control-allow-methods", methods);
          response.setHeader("access-control-allow-headers", allowedHeaders);
          response.setHeader("access-control-max-age", String(maxAgeS));
        } else response.setHeader("access-control-expose-headers", exposed.join(", "));
      }
      return isPreflight;
    },
  };
}
