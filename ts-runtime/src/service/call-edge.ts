// The edge of gRPC calls: what `createEdge` does for all others, without an interceptor.
import { Code, type ContextValues } from "@connectrpc/connect";
import type { SignedIn } from "../auth/index.ts";
import { toConnectError } from "../errors/index.ts";
import type { CallEdge, CallOrigin, ServerCall } from "../grpc/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { callerKey } from "./caller.ts";
import { drainingKey } from "./draining.ts";
import { failed } from "./edge.ts";
import type { Guard } from "./guard.ts";
import type { ServerLimits } from "./limit/index.ts";
import { describePeer, type Peer } from "./peer.ts";
import { noteUser, whenExpired } from "./signed-in.ts";

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
    describePeer(values, peer);
  }
}

export type Call = ServerCall<Origin>;

/** What is done before a handler, and after it. */
export type Ends = Pick<CallEdge<Origin>, "admit" | "failed" | "ended">;

export function ownEnds(logger: Logger, guard: Guard | undefined, limits: ServerLimits): Ends {
  return {
    admit(call) {
      const { method } = call;
      if (guard === undefined) return limits.admit(method, call);
      const { peer } = call.origin.connection;
      const admitted = guard.admit({ peer, method, authorization: call.header("authorization") });
      if (admitted instanceof Promise) {
        return admitted.then((signedIn) => {
          // One that is over has left its place already, and takes none.
          if (call.isOver) return undefined;
          noteUserOf(call, signedIn);
          return limits.admit(method, call);
        });
      }
      noteUserOf(call, admitted);
      return limits.admit(method, call);
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

/** A stream ends with its user's token (U2). */
function noteUserOf(call: Call, signedIn: SignedIn | undefined): void {
  if (signedIn === undefined) return;
  noteUser(call.context.values, signedIn);
  if (call.method.methodKind === "unary") return;
  whenExpired(signedIn, call.context.signal, (error) => call.abort(error));
}

function endingOf({ abortReason }: Call): Pick<AbortSignal, "aborted" | "reason"> {
  return { aborted: abortReason !== undefined, reason: abortReason };
}

function nameOf({ method }: Call): string {
  return `${method.parent.typeName}/${method.name}`;
}
