// From Node's requests to the handlers. gRPC has its own way; Connect, gRPC-Web and JSON go by Connect's handlers. Those
// are not called by connectNodeAdapter, for three reasons: a request with a malformed authority makes it throw into the
// event loop, it logs on the console, and a default deadline has to be there before Connect reads the headers (C1).
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { createRegistry, type DescFile } from "@bufbuild/protobuf";
import { Code, createConnectRouter, createContextValues, type Interceptor } from "@connectrpc/connect";
import {
  createAsyncIterable,
  type UniversalHandler,
  type UniversalServerResponse,
} from "@connectrpc/connect/protocol";
import {
  compressionBrotli,
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import { file_samspel_v1_errors } from "../gen/samspel/v1/errors_pb.ts";
import { createTracing, type Logger } from "../telemetry/index.ts";
import type { ServiceBinding } from "./binding.ts";
import { callerKey, identityKey } from "./caller.ts";
import { drainingKey } from "./draining.ts";
import { createEdge } from "./edge.ts";
import { withDependencies } from "./file-index.ts";
import { createGrpcCalls, type GrpcCalls } from "./grpc-calls.ts";
import type { Guard } from "./guard.ts";
import { peerKey, type Peer } from "./peer.ts";
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
  readonly maxReceiveBytes: number;
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
  const { logger, guard } = options;
  const tracing = createTracing();
  const spans = tracing === undefined ? [] : [createServerSpans(tracing)];
  const edge = createEdge({ logger, openEnded: options.openEnded, guard });
  const router = createConnectRouter({
    // The first is the outermost.
    interceptors: [noteRequestFaults, ...spans, edge, ...options.interceptors],
    acceptCompression: [compressionGzip, compressionBrotli],
    // Between neighbours compression costs more than it saves: with 4 KiB bodies a quarter of the throughput.
    compressMinBytes: 64 * 1024,
    readMaxBytes: options.maxReceiveBytes,
    shutdownSignal: options.shutdown,
    // So that a google.protobuf.Any of a served API, or of an error's details, has a form in JSON.
    jsonOptions: { registry: createRegistry(file_samspel_v1_errors, ...filesOf(options.bindings)) },
  });
  for (const { service, impl } of options.bindings) router.service(service, impl);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));

  const answer: RequestHandler["handler"] = (request, response, peer) => {
    const handler = handlers.get(request.url?.split("?", 1)[0] ?? "");
    if (handler === undefined) return refuseUnknown(request, response);
    try {
      ensureDeadline(request, handler, options.timeoutMs);
      const values = createContextValues().set(drainingKey, options.draining).set(callerKey, request.socket);
      if (peer !== undefined) values.set(peerKey, peer).set(identityKey, peer.caller);
      const universal = universalRequestFromNodeRequest(request, response, undefined, values);
      handler({ ...universal, body: bodyOf(request) })
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

function filesOf(bindings: readonly ServiceBinding[]): readonly DescFile[] {
  return bindings.flatMap(({ service }) => withDependencies(service.file));
}

function ensureDeadline(request: NodeRequest, handler: UniversalHandler, timeoutMs: number): void {
  if (handler.method.methodKind !== "unary") return;
  const { headers } = request;
  if (isGrpc(request)) headers["grpc-timeout"] ??= `${timeoutMs}m`;
  else headers["connect-timeout-ms"] ??= String(timeoutMs);
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
