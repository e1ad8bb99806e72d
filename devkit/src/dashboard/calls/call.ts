// Calls and tells from the explorer: JSON goes in and comes out, and the trace begins here.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { CallRequest, CallResponseSchema } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import type { Collector } from "../../collector/index.ts";
import { DynamicError, type CallEvent, type DynamicCaller } from "../../dynamic/index.ts";
import { durationOf } from "../time.ts";
import { callSpan } from "./call-span.ts";
import { beginSpan } from "./own-span.ts";

type Answer = MessageInitShape<typeof CallResponseSchema>;

export interface CallContext {
  readonly caller: DynamicCaller;
  /** Gets the span of the call, which is the root of its trace. */
  readonly collector: Collector | undefined;
}

/**
 * Makes a call.
 * @throws ConnectError where nothing was sent: no such method or instance, or a request that does not fit.
 */
export async function* call(
  { caller, collector }: CallContext,
  request: CallRequest,
  signal: AbortSignal,
): AsyncGenerator<Answer, void> {
  const { protoService, method, requests, headers, timeout, tell, instance } = request;
  const own = beginSpan(headers);
  const startMs = Date.now();
  try {
    const events = caller.call({
      method: `${protoService}/${method}`,
      requests,
      headers: { ...headers, ...own?.headers },
      tell,
      signal,
      timeoutMs: timeout === undefined ? undefined : durationMs(timeout),
      ...(instance === "" ? {} : { instance }),
    });
    for await (const event of events) {
      if (event.type === "end" && own !== undefined) {
        collector?.record([callSpan({ own, request, end: event, startMs })]);
      }
      yield answerOf(event);
    }
  } catch (error) {
    if (!(error instanceof DynamicError)) throw error;
    const code = error.reason === "invalid" ? Code.InvalidArgument : Code.NotFound;
    throw new ConnectError(error.message, code);
  }
}

function answerOf(event: CallEvent): Answer {
  switch (event.type) {
    case "start": {
      const { traceId, instance, receipt } = event;
      return { event: { case: "start", value: { traceId, instance, receipt } } };
    }
    case "message":
      return { event: { case: "message", value: event.json } };
    case "end": {
      const { code, message, details, headers, trailers, tookMs } = event;
      return {
        event: {
          case: "end",
          value: { code, message, details: [...details], headers, trailers, took: durationOf(tookMs) },
        },
      };
    }
  }
}
