// The dashboard's own span of a call.
import type { CallRequest } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import type { Span } from "../../collector/index.ts";
import type { CallEvent } from "../../dynamic/index.ts";
import { endedSpan, type OwnSpan } from "./own-span.ts";

export interface FinishedCall {
  readonly own: OwnSpan;
  readonly request: CallRequest;
  readonly end: Extract<CallEvent, { readonly type: "end" }>;
  readonly startMs: number;
}

export function callSpan({ own, request, end, startMs }: FinishedCall): Span {
  const { protoService, method, tell } = request;
  const about: Readonly<Record<string, string>> = tell
    ? {
        "messaging.system": "nats",
        "messaging.operation.type": "send",
        "messaging.destination.name": `tell.${protoService}`,
      }
    : { "rpc.system": "grpc", "rpc.grpc.status": end.code };
  return endedSpan(own, {
    name: `${protoService}/${method}`,
    kind: tell ? "PRODUCER" : "CLIENT",
    startMs,
    durationMs: end.tookMs,
    attributes: { ...about, "rpc.service": protoService, "rpc.method": method },
    failure: end.code === "OK" ? undefined : `${end.code}: ${end.message}`,
  });
}
