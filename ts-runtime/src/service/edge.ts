// The edge of a service: what happened inside becomes what the caller may know (C5), and the rest goes to the log.
import { Code, ConnectError, type Interceptor, type StreamRequest } from "@connectrpc/connect";
import { isExpected, SamspelError, toConnectError } from "../errors/index.ts";
import { recordException, type Logger } from "../telemetry/index.ts";
import { eachUntilAborted, untilAborted } from "./abort.ts";
import type { Guard } from "./guard.ts";
import { peerKey, type Peer } from "./peer.ts";

export interface EdgeOptions {
  readonly logger: Logger;
  /** Ends the streams that have no deadline. */
  readonly openEnded: AbortSignal;
  /** Says who may call; without one everybody may. */
  readonly guard?: Guard | undefined;
}

/**
 * The outermost interceptor of every server: who may not call is refused, deadlines end calls, errors are converted,
 * calls are logged at `debug`.
 */
export function createEdge({ logger, openEnded, guard }: EdgeOptions): Interceptor {
  return (next) => async (incoming) => {
    const peer = incoming.contextValues.get(peerKey);
    const endings = incoming.stream ? endingsOf(incoming, openEnded, peer) : [];
    const request =
      endings.length > 0 ? { ...incoming, signal: AbortSignal.any([incoming.signal, ...endings]) } : incoming;
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
      const seen = failed(error, request.signal, { method, logger });
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
      const admission = guard?.admit(peer, request.method);
      if (admission !== undefined) await admission;
      const response = await untilAborted(request.signal, next(request));
      if (response.stream) return { ...response, message: guarded(response.message) };
      finish("ok");
      return response;
    } catch (error) {
      throw fail(error);
    }
  };
}

/** How a call ended, if it did so before its handler. */
type Ending = Pick<AbortSignal, "aborted" | "reason">;

/** What the caller gets for a failure; what it may not know is logged. */
export function failed(
  error: unknown,
  ending: Ending,
  { method, logger }: { readonly method: string; readonly logger: Logger },
): ConnectError {
  const seen = asSeenByCaller(error, ending);
  // What ended the call from outside, such as a reset of its caller's, is no failure of the handler that passes it on.
  const isEnding = ending.aborted && error === ending.reason;
  if (seen.code === Code.Internal && !isExpected(error) && !isEnding) {
    logger.error({ err: error, method }, "the handler failed");
    recordException(error);
  }
  return seen;
}

/** What ends a stream beside its caller and its deadline. */
function endingsOf(
  { header }: StreamRequest,
  openEnded: AbortSignal,
  peer: Peer | undefined,
): readonly AbortSignal[] {
  const hasDeadline = header.has("grpc-timeout") || header.has("connect-timeout-ms");
  return [...(hasDeadline ? [] : [openEnded]), ...(peer === undefined ? [] : [peer.revoked])];
}

function asSeenByCaller(error: unknown, signal: Ending): ConnectError {
  if (!signal.aborted || error instanceof SamspelError || error instanceof ConnectError) {
    return toConnectError(error);
  }
  // A handler that gave up because its call was over failed for that reason, however it put it.
  const reason: unknown = signal.reason;
  if (reason instanceof SamspelError || reason instanceof ConnectError) return toConnectError(reason);
  return new ConnectError("the caller has gone", Code.Canceled);
}
