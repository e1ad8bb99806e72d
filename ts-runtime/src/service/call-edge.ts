// The edge of gRPC calls: what `createEdge` does for all others, without an interceptor.
import { Code, type ContextValues } from "@connectrpc/connect";
import { toConnectError } from "../errors/index.ts";
import type { CallEdge, CallOrigin, ServerCall } from "../grpc/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { callerKey, identityKey } from "./caller.ts";
import { drainingKey } from "./draining.ts";
import { failed } from "./edge.ts";
import type { Guard } from "./guard.ts";
import type { ServerLimits } from "./limit/index.ts";
import { peerKey, type Peer } from "./peer.ts";

/** A connection, as its calls see it. */
export interface Connection {
  readonly socket: {
    readonly remoteAddress?: string | undefined;
    readonly remotePort?: number | undefined;
    readonly bytesRead?: number;
  };
  /** Undefined for an anonymous one. */
  readonly peer: Peer | undefined;
  onCallBegun(): void;
  /** Nothing is left of one of its calls. */
  onCallClosed(): void;
}

/** The connection of a call, and what handlers find of it. */
export class Origin implements CallOrigin {
  readonly connection: Connection;
  readonly #draining: AbortSignal;

  constructor(connection: Connection, draining: AbortSignal) {
    this.connection = connection;
    this.#draining = draining;
  }

  describe(values: ContextValues): void {
    const { socket, peer } = this.connection;
    values.set(drainingKey, this.#draining).set(callerKey, socket);
    if (peer !== undefined) values.set(peerKey, peer).set(identityKey, peer.caller);
  }
}

export type Call = ServerCall<Origin>;

/** What is done before a handler, and after it. */
export type Ends = Pick<CallEdge<Origin>, "admit" | "failed" | "ended">;

export function ownEnds(logger: Logger, guard: Guard | undefined, limits: ServerLimits): Ends {
  return {
    admit(call) {
      const { method } = call;
      const admission = guard?.admit(call.origin.connection.peer, method);
      if (admission === undefined) return limits.admit(method, call);
      return admission.then(() => limits.admit(method, call));
    },
    failed: (error, call) => failed(error, endingOf(call), { method: nameOf(call), logger }),
    ended(call, error) {
      const { method, work } = call;
      // A handler need not have noticed that its call is over.
      if (call.abortReason !== undefined && work !== undefined) limits.abandon(method, call, work);
      else limits.leave(method, call, error === undefined);
      if (!logger.isLevelEnabled("debug")) return;
      const code = error === undefined ? "ok" : Code[error.code];
      const durationMs = Math.round(performance.now() - call.context.startedMs);
      logger.debug(
        { method: nameOf(call), code, durationMs, traceparent: call.header("traceparent") },
        "call",
      );
    },
  };
}

/** Where interceptors do all of it. */
export const passingEnds: Ends = {
  admit() {},
  failed: toConnectError,
  ended() {},
};

function endingOf({ abortReason }: Call): Pick<AbortSignal, "aborted" | "reason"> {
  return { aborted: abortReason !== undefined, reason: abortReason };
}

function nameOf({ method }: Call): string {
  return `${method.parent.typeName}/${method.name}`;
}
