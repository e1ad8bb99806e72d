// The edge of a service: what happened inside becomes what the caller may know (C5), and the rest goes to the log.
import { Code, ConnectError, type Interceptor, type StreamRequest } from "@connectrpc/connect";
import { isExpected, SamspelError, toConnectError } from "../errors/index.ts";
import { recordException, type Logger } from "../telemetry/index.ts";
import { eachUntilAborted, untilAborted } from "./abort.ts";
import type { Guard } from "./guard.ts";
import type { Limited, ServerLimits } from "./limit/index.ts";
import { peerKey } from "./peer.ts";
import { noteUser, whenExpired } from "./signed-in.ts";

export interface EdgeOptions {
  readonly logger: Logger;
  /** Ends the streams that have no deadline. */
  readonly openEnded: AbortSignal;
  /** Says who may call; without one everybody may. */
  readonly guard?: Guard | undefined;
  readonly limits: ServerLimits;
}

/**
 * The outermost interceptor of every server: who may not call is refused, deadlines end calls, errors are converted,
 * calls are logged at `debug`.
 */
export function createEdge({ logger, openEnded, guard, limits }: EdgeOptions): Interceptor {
  return (next) => async (incoming) => {
    const peer = incoming.contextValues.get(peerKey);
    const authorization = incoming.header.get("authorization") ?? undefined;
    // Aborts when a stream's token is over (U2).
    const expired =
      guard !== undefined && incoming.stream && authorization !== undefined
        ? new AbortController()
        : undefined;
    const endings = incoming.stream ? endingsOf(incoming, [openEnded, peer?.revoked, expired?.signal]) : [];
    const request =
      endings.length > 0 ? { ...incoming, signal: AbortSignal.any([incoming.signal, ...endings]) } : incoming;
    const startedMs = performance.now();
    const method = `${request.method.parent.typeName}/${request.method.name}`;
    const place = new LimitedCall(request.signal);
    let work: PromiseLike<unknown> | undefined;
    const leave = (isWhole: boolean): void => {
      // A handler need not have noticed that its call is over.
      if (work !== undefined && request.signal.aborted) limits.abandon(request.method, place, work);
      else limits.leave(request.method, place, isWhole);
    };
    // Whoever was to read the answers may not have begun.
    if (incoming.stream) request.signal.addEventListener("abort", () => leave(false), { once: true });

    const finish = (code: string): void => {
      leave(code === "ok");
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
      const admission = guard?.admit({ peer, method: request.method, authorization });
      const signedIn = admission instanceof Promise ? await admission : admission;
      if (signedIn !== undefined) {
        noteUser(request.contextValues, signedIn);
        if (expired !== undefined) whenExpired(signedIn, incoming.signal, (error) => expired.abort(error));
      }
      const placed = limits.admit(request.method, place);
      if (placed !== undefined) await untilAborted(request.signal, placed);
      const running = next(request);
      if (!incoming.stream) work = running;
      const response = await untilAborted(request.signal, running);
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

/** A call, as the limits know it. */
class LimitedCall implements Limited {
  placedMs = 0;
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  get isOver(): boolean {
    return this.#signal.aborted;
  }
}

/** What ends a stream beside its caller and its deadline; the first of them only where it has none. */
function endingsOf(
  { header }: StreamRequest,
  [openEnded, ...others]: readonly [AbortSignal, ...(AbortSignal | undefined)[]],
): readonly AbortSignal[] {
  const hasDeadline = header.has("grpc-timeout") || header.has("connect-timeout-ms");
  return [...(hasDeadline ? [] : [openEnded]), ...others.filter((signal) => signal !== undefined)];
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
