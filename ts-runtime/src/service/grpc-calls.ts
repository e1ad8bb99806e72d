// gRPC calls on the way to their handlers: by our own handling of the wire, and with the same edge as all other calls.
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Interceptor } from "@connectrpc/connect";
import { createGrpcServer, Deadlines, NodeServerStream, RequestMemory } from "../grpc/index.ts";
import { Roster } from "../roster/index.ts";
import type { Tracing } from "../telemetry/index.ts";
import { Origin, ownEnds, passingEnds, type Call, type Connection } from "./call-edge.ts";
import { servedMethods } from "./call-methods.ts";
import { withCallSpans } from "./call-spans.ts";
import type { Peer } from "./peer.ts";
import type { RequestHandlerOptions } from "./request-handler.ts";
import { UnreadAnswers } from "./unread-answers.ts";

/** Of requests that are on their way: 64 of the largest. */
const mostRequestBytes = 256 * 1024 * 1024;

export interface GrpcCalls {
  /** How many are running, until nothing of them is left. */
  readonly running: number;
  accept(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, connection: Connection): void;
}

/** Around handlers, but for the interceptors of `options`. */
export interface OwnInterceptors {
  readonly edge: Interceptor;
  readonly tracing: Tracing | undefined;
  readonly spans: readonly Interceptor[];
}

/** Where there are no other interceptors, ours are none either: what they do is done without them, at less cost. */
export function createGrpcCalls(options: RequestHandlerOptions, own: OwnInterceptors): GrpcCalls {
  const { bindings, timeoutMs, interceptors: others, logger, guard, limits } = options;
  const isIntercepted = others.length > 0;
  const interceptors = isIntercepted ? [...own.spans, own.edge, ...others] : [];
  const plain = {
    methods: servedMethods<Origin>({ bindings, interceptors, timeoutMs }),
    ends: isIntercepted ? passingEnds : ownEnds(logger, guard, limits),
  };
  const { methods, ends } =
    isIntercepted || own.tracing === undefined ? plain : withCallSpans(own.tracing, plain);

  const calls = new Roster<Call>();
  const unread = new UnreadAnswers(calls);
  const origins = new WeakMap<Connection, Origin>();
  const originOf = (connection: Connection): Origin => {
    const known = origins.get(connection);
    if (known !== undefined) return known;
    const origin = new Origin(connection, options.draining);
    origins.set(connection, origin);
    return origin;
  };
  const server = createGrpcServer<Origin>({
    methods,
    edge: {
      ...ends,
      deadlines: new Deadlines(),
      maxBytes: options.maxRequestBytes,
      memory: new RequestMemory(mostRequestBytes),
      closed(call) {
        call.rosterPlace?.leave();
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
      call.rosterPlace = calls.add(call);
      unread.note();
      connection.onCallBegun();
      if (connection.peer !== undefined && isStream(call)) endWithPeer(call, connection.peer, stream);
    },
  };
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
