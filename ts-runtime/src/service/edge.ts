// The edge of a service: what happened inside becomes what the caller may know (C5), and the rest goes to the log.
import {
  Code,
  ConnectError,
  type Interceptor,
  type StreamRequest,
  type UnaryRequest,
} from "@connectrpc/connect";
import { isExpected, SamspelError, toConnectError } from "../errors/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { eachUntilAborted, untilAborted } from "./abort.ts";

/**
 * The outermost interceptor of every server: deadlines end calls, errors are converted, calls are logged at `debug`.
 * `openEnded` ends the streams that have no deadline.
 */
export function createEdge(logger: Logger, openEnded: AbortSignal): Interceptor {
  return (next) => async (incoming) => {
    const request = isOpenEnded(incoming)
      ? { ...incoming, signal: AbortSignal.any([incoming.signal, openEnded]) }
      : incoming;
    const startedMs = performance.now();
    const method = `${request.method.parent.typeName}/${request.method.name}`;

    const finish = (code: string): void => {
      if (!logger.isLevelEnabled("debug")) return;
      const traceparent = request.header.get("traceparent") ?? undefined;
      logger.debug(
        { method, code, durationMs: Math.round(performance.now() - startedMs), traceparent },
        "call",
      );
    };
    const fail = (error: unknown): ConnectError => {
      const seen = asSeenByCaller(error, request.signal);
      if (seen.code === Code.Internal && !isExpected(error)) {
        logger.error({ err: error, method }, "the handler failed");
      }
      finish(Code[seen.code]);
      return seen;
    };
    async function* guarded<T>(messages: AsyncIterable<T>): AsyncGenerator<T> {
      try {
        yield* eachUntilAborted(request.signal, messages);
      } catch (error) {
        throw fail(error);
      }
      finish("ok");
    }

    try {
      const response = await untilAborted(request.signal, next(request));
      if (response.stream) return { ...response, message: guarded(response.message) };
      finish("ok");
      return response;
    } catch (error) {
      throw fail(error);
    }
  };
}

function isOpenEnded(request: UnaryRequest | StreamRequest): request is StreamRequest {
  return request.stream && !request.header.has("grpc-timeout") && !request.header.has("connect-timeout-ms");
}

function asSeenByCaller(error: unknown, signal: AbortSignal): ConnectError {
  if (!signal.aborted || error instanceof SamspelError || error instanceof ConnectError) {
    return toConnectError(error);
  }
  // A handler that gave up because its call was over failed for that reason, however it put it.
  const reason: unknown = signal.reason;
  if (reason instanceof SamspelError || reason instanceof ConnectError) return toConnectError(reason);
  return new ConnectError("the caller has gone", Code.Canceled);
}
