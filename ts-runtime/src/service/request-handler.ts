// From Node's requests to the handlers. gRPC has its own way; Connect, gRPC-Web and JSON go by Connect's handlers. Those
// are not called by connectNodeAdapter, for three reasons: a request with a malformed authority makes it throw into the
// event loop, it logs on the console, and a default deadline has to be there before Connect reads the headers (C1).
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, createContextValues, type Interceptor } from "@connectrpc/connect";
import {
  createAsyncIterable,
  type UniversalHandler,
  type UniversalServerResponse,
} from "@connectrpc/connect/protocol";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import { createTracing, type Logger } from "../telemetry/index.ts";
import { Deadlines, parseTimeout } from "../grpc/index.ts";
import type { ServiceBinding } from "./binding.ts";
import { callerKey } from "./caller.ts";
import { createConnectHandlers } from "./connect-handlers.ts";
import { drainingKey } from "./draining.ts";
import { createEdge } from "./edge.ts";
import { createGrpcCalls, type GrpcCalls } from "./grpc-calls.ts";
import type { Guard } from "./guard.ts";
import type { ServerLimits } from "./limit/index.ts";
import { describePeer, type Peer } from "./peer.ts";
import { noteRequestFaults } from "./request-faults.ts";
import { createServerSpans } from "./server-spans.ts";
import { bodyOf, inOrder } from "./unread.ts";

export type NodeRequest = IncomingMessage | Http2ServerRequest;
export type NodeResponse = ServerResponse | Http2ServerResponse;

export interface RequestHandlerOptions {
  readonly bindings: readonly ServiceBinding[];
  readonly interceptors: readonly Interceptor[];
  readonly logger: Logger;
  readonly timeoutMs: number;
  /** Of one request message, as it is when a call comes. */
  readonly maxRequestBytes: (method: DescMethod) => number;
  readonly limits: ServerLimits;
  /** Aborts when no new calls are wanted. */
  readonly draining: AbortSignal;
  /** Aborts when streams without a deadline are to end. */
  readonly openEnded: AbortSignal;
  /** Aborts when what still runs is to end. */
  readonly shutdown: AbortSignal;
  /** Says who may call, where the service has an identity. */
  readonly guard?: Guard | undefined;
}

/** What a listener needs. */
export interface RequestHandler {
  /** Answers requests of all three protocols; never throws. */
  readonly handler: (request: NodeRequest, response: NodeResponse, peer?: Peer) => void;
  /** Answers calls of gRPC. */
  readonly grpc: GrpcCalls;
}

export function createRequestHandler(options: RequestHandlerOptions): RequestHandler {
  const { logger, guard, limits } = options;
  const tracing = createTracing();
  const spans = tracing === undefined ? [] : [createServerSpans(tracing)];
  const edge = createEdge({ logger, openEnded: options.openEnded, guard, limits });
  const handlerOf = createConnectHandlers({
    ...options,
    // The first is the outermost.
    interceptors: [noteRequestFaults, ...spans, edge, ...options.interceptors],
  });

  const deadlines = new Deadlines();
  const answer: RequestHandler["handler"] = (request, response, peer) => {
    const handler = handlerOf(request.url?.split("?", 1)[0] ?? "");
    if (handler === undefined) return refuseUnknown(request, response);
    try {
      const timeoutMs = ensureDeadline(request, handler, options.timeoutMs);
      const values = createContextValues().set(drainingKey, options.draining).set(callerKey, request.socket);
      describePeer(values, peer);
      const universal = universalRequestFromNodeRequest(request, response, undefined, values);
      handler({
        ...universal,
        body: bodyOf(request, timeoutMs === undefined ? undefined : { deadlines, timeoutMs }),
      })
        .then((answer) => inOrder(request, response, answer))
        .then((answer) => universalResponseToNodeResponse(answer, response))
        .catch((error: unknown) => {
          // The caller went away in the middle of its answer; the edge has logged what the handler had to say.
          logger.debug({ err: error, method: handler.requestPath }, "the answer did not reach its caller");
        });
    } catch (error) {
      logger.debug({ err: error }, "a malformed request");
      reply(request, response, { status: 400, header: new Headers() });
    }
  };
  return { handler: answer, grpc: createGrpcCalls(options, { edge, tracing, spans }) };
}

/** The deadline of a unary call, its own or ours; undefined for other calls, and for what is none. */
function ensureDeadline(
  request: NodeRequest,
  handler: UniversalHandler,
  timeoutMs: number,
): number | undefined {
  if (handler.method.methodKind !== "unary") return undefined;
  const { headers } = request;
  if (isGrpc(request)) return timeoutOf(String((headers["grpc-timeout"] ??= `${timeoutMs}m`)));
  const given = Number((headers["connect-timeout-ms"] ??= String(timeoutMs)));
  return given >= 0 ? given : undefined;
}

function timeoutOf(value: string): number | undefined {
  try {
    return parseTimeout(value);
  } catch {
    // Connect's handler says what is wrong with it.
    return undefined;
  }
}

function refuseUnknown(request: NodeRequest, response: NodeResponse): void {
  const message = `no such method: ${request.url ?? ""}`;
  if (isGrpc(request)) {
    const header = new Headers({
      "content-type": request.headers["content-type"] ?? "application/grpc",
      "grpc-status": String(Code.Unimplemented),
      "grpc-message": encodeURIComponent(message),
    });
    reply(request, response, { status: 200, header });
  } else {
    const header = new Headers({ "content-type": "application/json" });
    const body = createAsyncIterable([Buffer.from(JSON.stringify({ code: "unimplemented", message }))]);
    reply(request, response, { status: 404, header, body });
  }
}

function reply(request: NodeRequest, response: NodeResponse, answer: UniversalServerResponse): void {
  // Fails when the caller has gone, and then nobody is left to tell.
  Promise.resolve(inOrder(request, response, answer))
    .then((ordered) => universalResponseToNodeResponse(ordered, response))
    .catch(() => {});
}

function isGrpc(request: NodeRequest): boolean {
  return request.headers["content-type"]?.startsWith("application/grpc") === true;
}
