// The dashboard's own span of a call: without it the trace would have no root, and nobody would know who called.
import type { CallRequest } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import type { Span } from "../../collector/index.ts";
import type { CallEvent } from "../../dynamic/index.ts";

/** As which the dashboard appears among services. */
export const ownName = "dashboard";

export interface OwnSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface FinishedCall {
  readonly own: OwnSpan;
  readonly request: CallRequest;
  readonly end: Extract<CallEvent, { readonly type: "end" }>;
  readonly startMs: number;
}

export function callSpan({ own, request, end, startMs }: FinishedCall): Span {
  const { protoService, method, tell } = request;
  const failed = end.code !== "OK";
  const about: Readonly<Record<string, string>> = tell
    ? {
        "messaging.system": "nats",
        "messaging.operation.type": "send",
        "messaging.destination.name": `tell.${protoService}`,
      }
    : { "rpc.system": "grpc", "rpc.grpc.status": end.code };
  return {
    traceId: own.traceId,
    spanId: own.spanId,
    parentSpanId: "",
    links: [],
    service: ownName,
    name: `${protoService}/${method}`,
    kind: tell ? "PRODUCER" : "CLIENT",
    startMs,
    durationMs: end.tookMs,
    attributes: { ...about, "rpc.service": protoService, "rpc.method": method },
    error: failed,
    message: failed ? `${end.code}: ${end.message}` : "",
    events: [],
  };
}
