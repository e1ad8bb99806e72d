// What is told of each request: a line in the log, numbers, and a span. Neither bodies, nor tokens, nor queries are in it.
import type { Logger, NodeRequest, NodeResponse } from "@samspel/runtime/proxy";
import type { Incoming } from "../http/incoming.ts";
import type { GatewayMetrics } from "./metrics.ts";
import type { CallHead, RequestSpans } from "./request-spans.ts";

export interface RequestObserver {
  /** Notes that it reached a method, and runs what answers it. */
  call<T>(incoming: Incoming, head: CallHead, answer: () => T): T;
  /** Follows a request to its end. */
  begin(incoming: Incoming, request: NodeRequest, response: NodeResponse): void;
  /** Follows something else that ends once: `status` is of HTTP. */
  follow(incoming: Incoming, path: string): (status: number) => void;
}

export interface ObserverOptions {
  readonly logger: Logger;
  readonly metrics: GatewayMetrics;
  readonly spans: RequestSpans;
  readonly accessLog: boolean;
}

export function createObserver({ logger, metrics, spans, accessLog }: ObserverOptions): RequestObserver {
  const follow = (incoming: Incoming, httpMethod: string, path: string): ((status: number) => void) => {
    metrics.begin();
    return (status) => {
      const durationMs = performance.now() - incoming.startedAt;
      metrics.end(incoming, durationMs);
      spans.end(incoming, status);
      if (!accessLog) return;
      const { id: requestId, address, principal, outcome, trace } = incoming;
      const { protocol, method, code } = outcome;
      logger.info(
        {
          requestId,
          protocol,
          httpMethod,
          path,
          method,
          status,
          code,
          durationMs: Math.round(durationMs * 10) / 10,
          address,
          principal: principal?.subject,
          traceparent: trace["traceparent"],
        },
        "request",
      );
    };
  };
  return {
    call(incoming, head, answer) {
      spans.begin(incoming, head);
      return incoming.span === undefined ? answer() : incoming.span.within(answer);
    },
    begin(incoming, request, response) {
      const path = (request.url ?? "").split("?", 1)[0] ?? "";
      const end = follow(incoming, request.method ?? "", path);
      response.once("close", () => {
        const { outcome } = incoming;
        const whole = response.writableFinished || response.writableEnded;
        if (outcome.method !== undefined && outcome.code === undefined)
          outcome.code = whole ? "unknown" : "canceled";
        end(response.statusCode);
      });
    },
    follow: (incoming, path) => follow(incoming, "GET", path),
  };
}
