// gRPC calls on the way to their handlers: by our own handling of the wire, and with the same edge as all other calls.
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { Code, type ContextValues, type Interceptor } from "@connectrpc/connect";
import {
  createGrpcServer,
  Deadlines,
  NodeServerStream,
  type CallEdge,
  type CallOrigin,
  type ServerCall,
} from "../grpc/index.ts";
import { toConnectError } from "../errors/index.ts";
import { callerKey, identityKey } from "./caller.ts";
import { servedMethods } from "./call-methods.ts";
import { drainingKey } from "./draining.ts";
import { failed } from "./edge.ts";
import { peerKey, type Peer } from "./peer.ts";
import type { RequestHandlerOptions } from "./request-handler.ts";

/** A connection, as its calls see it. */
export interface Connection {
  readonly socket: { readonly remoteAddress?: string | undefined; readonly remotePort?: number | undefined };
  /** Undefined for an anonymous one. */
  readonly peer: Peer | undefined;
  /** Nothing is left of one of its calls. */
  onCallClosed(): void;
}

export interface GrpcCalls {
  /** How many are running, until nothing of them is left. */
  readonly running: number;
  accept(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, connection: Connection): void;
}

class Origin implements CallOrigin {
  readonly peer: Peer | undefined;
  readonly connection: Connection;
  readonly #draining: AbortSignal;

  constructor(connection: Connection, draining: AbortSignal) {
    this.peer = connection.peer;
    this.connection = connection;
    this.#draining = draining;
  }

  describe(values: ContextValues): void {
    values.set(drainingKey, this.#draining).set(callerKey, this.connection.socket);
    if (this.peer !== undefined) values.set(peerKey, this.peer).set(identityKey, this.peer.caller);
  }
}

type Call = ServerCall<Origin>;

/** @param interceptors the edge among them; where there are none, the same is done here. */
export function createGrpcCalls(
  options: RequestHandlerOptions,
  interceptors: readonly Interceptor[],
): GrpcCalls {
  const calls = new Set<Call>();
  const origins = new WeakMap<Connection, Origin>();
  const originOf = (connection: Connection): Origin => {
    const known = origins.get(connection);
    if (known !== undefined) return known;
    const origin = new Origin(connection, options.draining);
    origins.set(connection, origin);
    return origin;
  };
  const isIntercepted = interceptors.length > 0;
  const server = createGrpcServer<Origin>({
    methods: servedMethods({ bindings: options.bindings, interceptors, timeoutMs: options.timeoutMs }),
    edge: {
      deadlines: new Deadlines(),
      maxBytes: options.maxReceiveBytes,
      ...(isIntercepted ? passing : ownEdge(options)),
      closed(call) {
        calls.delete(call);
        call.origin.connection.onCallClosed();
      },
    },
  });
  const endAll = (signal: AbortSignal, which: (call: Call) => boolean): void =>
    signal.addEventListener("abort", () => {
      for (const call of calls) if (which(call)) call.abort(signal.reason);
    });
  endAll(options.shutdown, () => true);
  endAll(options.openEnded, (call) => isStream(call) && !call.hasOwnDeadline);

  return {
    get running() {
      return calls.size;
    },
    accept(stream, headers, connection) {
      const call = server.accept(new NodeServerStream(stream, headers), originOf(connection));
      if (call === undefined) return;
      calls.add(call);
      if (connection.peer !== undefined && isStream(call)) endWithPeer(call, connection.peer, stream);
    },
  };
}

/** Without interceptors: what `createEdge` does. */
function ownEdge({
  guard,
  logger,
}: RequestHandlerOptions): Pick<CallEdge<Origin>, "admit" | "failed" | "ended"> {
  return {
    admit: ({ origin, method }) => guard?.admit(origin.peer, method),
    failed: (error, call) => failed(error, endingOf(call), { method: nameOf(call), logger }),
    ended(call, code) {
      if (!logger.isLevelEnabled("debug")) return;
      const traceparent = call.context.requestHeader.get("traceparent") ?? undefined;
      const durationMs = Math.round(performance.now() - call.context.startedMs);
      logger.debug(
        { method: nameOf(call), code: code === undefined ? "ok" : Code[code], durationMs, traceparent },
        "call",
      );
    },
  };
}

/** With interceptors, of which the edge is one. */
const passing: Pick<CallEdge<Origin>, "admit" | "failed" | "ended"> = {
  admit() {},
  failed: toConnectError,
  ended() {},
};

function endingOf({ abortReason }: Call): Pick<AbortSignal, "aborted" | "reason"> {
  return { aborted: abortReason !== undefined, reason: abortReason };
}

/** A stream ends when its peer is no longer welcome (G3). */
function endWithPeer(call: Call, { revoked }: Peer, stream: ServerHttp2Stream): void {
  const end = (): void => call.abort(revoked.reason);
  revoked.addEventListener("abort", end, { once: true });
  stream.once("close", () => revoked.removeEventListener("abort", end));
}

function isStream({ method }: Call): boolean {
  return method.methodKind !== "unary";
}

function nameOf({ method }: Call): string {
  return `${method.parent.typeName}/${method.name}`;
}
