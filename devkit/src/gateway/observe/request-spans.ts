// A span for each request that reaches a method (A3), as the conventions for HTTP have it, whatever the protocol: what the
// gateway calls for it is its child. Queries and bodies are not in it, as they may be secret.
import {
  activeTrace,
  extractTrace,
  traceHeadersOf,
  type NodeRequest,
  type Tracing,
} from "@samspel/runtime/proxy";
import type { Incoming } from "../http/incoming.ts";

/** What a request is about, as its head says. */
export interface CallHead {
  readonly request: Pick<NodeRequest, "method" | "url" | "httpVersion">;
  /** Of REST its template, else the path of the method. */
  readonly route: string;
}

export interface RequestSpans {
  /** Begins a request's span; services hear of it. */
  begin(incoming: Incoming, head: CallHead): void;
  end(incoming: Incoming, status: number): void;
}

/** By the conventions, errors of the server; all others are the caller's. */
const ownFailures: ReadonlySet<string> = new Set([
  "unknown",
  "deadline_exceeded",
  "unimplemented",
  "internal",
  "unavailable",
  "data_loss",
]);

/** @param tracing undefined where nobody wants spans. */
export function createRequestSpans(tracing: Tracing | undefined): RequestSpans {
  return {
    begin(incoming, { request, route }) {
      if (tracing === undefined) return;
      const { headers, outcome, address, host, isTls, trace } = incoming;
      const httpMethod = request.method ?? "GET";
      const span = tracing.start({
        type: "gateway",
        name: `${httpMethod} ${route}`,
        parent: activeTrace() ?? extractTrace({ get: (name) => textOf(headers[name]) }),
        attributes: {
          "http.request.method": httpMethod,
          "http.route": route,
          "url.scheme": isTls ? "https" : "http",
          "url.path": (request.url ?? "").split("?", 1)[0] ?? "",
          "server.address": host,
          "client.address": address,
          "network.protocol.version": request.httpVersion === "2.0" ? "2" : request.httpVersion,
          "samspel.protocol": outcome.protocol,
          ...(headers["user-agent"] === undefined ? {} : { "user_agent.original": headers["user-agent"] }),
        },
      });
      incoming.span = span;
      const passedOn = traceHeadersOf(span.context);
      // No trace begins where the tracer does not make spans yet.
      if (passedOn["traceparent"] === undefined) return;
      const { baggage } = trace;
      incoming.trace = { ...(baggage === undefined ? {} : { baggage }), ...passedOn };
    },
    end({ span, outcome: { code } }, status) {
      if (span === undefined) return;
      span.set({ "http.response.status_code": status });
      if (status >= 500 || (code !== undefined && ownFailures.has(code)))
        span.fail(code ?? String(status), `answered ${code ?? status}`);
      else if (code !== undefined && code !== "ok") span.set({ "error.type": code });
      span.end();
    },
  };
}

function textOf(value: string | string[] | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}
