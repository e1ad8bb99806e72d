// Each request, from its head: whose it is, which call it means, and who answers it.
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, createContextValues } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import { bodyOf, inOrder, type Logger, type NodeRequest, type NodeResponse } from "@samspel/runtime/proxy";
import type { Cors } from "./http/cors.ts";
import { deadlineOf, parseConnectTimeout, parseGrpcTimeout } from "./http/deadline.ts";
import { incomingKey, noteId, receive, type Incoming, type Protocol } from "./http/incoming.ts";
import type { OpenApiPages } from "./openapi/index.ts";
import type { RequestObserver } from "./observe/index.ts";
import { asWriter, handleRest, RestError, writeFailure, writeJson, type RestOptions } from "./rest/index.ts";
import type { RouteTable } from "./route-table.ts";
import { statusHeaders } from "./rpc/grpc-errors.ts";
import { isPassedThrough, passThrough, type PassThroughOptions } from "./rpc/pass-through.ts";

export interface RequestHandlerOptions extends RestOptions, PassThroughOptions {
  readonly table: () => RouteTable;
  readonly cors: Cors;
  readonly pages: OpenApiPages;
  readonly observer: RequestObserver;
  readonly isReady: () => boolean;
  readonly trustedProxies: number;
  readonly logger: Logger;
}

interface Exchange {
  readonly incoming: Incoming;
  readonly request: NodeRequest;
  readonly response: NodeResponse;
}

/** Answers requests; never throws. */
export function createRequestHandler(
  options: RequestHandlerOptions,
): (request: NodeRequest, response: NodeResponse) => void {
  return (request, response) => {
    const incoming = receive(request, options.trustedProxies);
    const exchange = { incoming, request, response };
    try {
      noteId(response, incoming);
      options.observer.begin(incoming, request, response);
      answer(exchange, options).catch((error: unknown) => failed(exchange, error, options));
    } catch (error) {
      failed(exchange, error, options);
    }
  };
}

async function answer(exchange: Exchange, options: RequestHandlerOptions): Promise<void> {
  const { incoming, request, response } = exchange;
  const { rpc, rest, own } = options.table();
  if (options.cors.apply(request, response)) return writeEmpty(response, 204);
  const path = (request.url ?? "").split("?", 1)[0] ?? "";
  const route = rpc.get(path);
  if (route !== undefined) {
    incoming.outcome.protocol = protocolOf(request);
    incoming.outcome.method = nameOf(route.method);
    return options.observer.call(incoming, { request, route: path }, () =>
      isPassedThrough(request)
        ? passThrough(incoming, route.method, exchange, options)
        : handleUniversal(exchange, route.handler, options),
    );
  }
  const ownHandler = own.get(path);
  if (ownHandler !== undefined) return handleUniversal(exchange, ownHandler, options);

  const httpMethod = request.method ?? "GET";
  const found = findRest(rest, httpMethod, path);
  if (found.type === "found") {
    incoming.outcome.protocol = "rest";
    incoming.outcome.method = nameOf(found.route.method);
    return options.observer.call(incoming, { request, route: found.route.path }, () =>
      handleRest(incoming, found, exchange, options),
    );
  }
  if (httpMethod === "GET" || httpMethod === "HEAD") {
    if (path === "/healthz") return writeJson(asWriter(response), 200, { status: "ok" });
    if (path === "/readyz") {
      const isReady = options.isReady();
      return writeJson(asWriter(response), isReady ? 200 : 503, { status: isReady ? "ready" : "not ready" });
    }
    const page = options.pages.find(path, incoming);
    if (page !== undefined) return writeJson(asWriter(response), 200, page);
  }
  refuseUnknown(exchange, found);
}

function findRest(rest: RouteTable["rest"], httpMethod: string, path: string) {
  const found = rest.find(httpMethod, path);
  // What can be got can be asked for without its body.
  return httpMethod === "HEAD" && found.type === "other-methods" ? rest.find("GET", path) : found;
}

async function handleUniversal(
  { incoming, request, response }: Exchange,
  handler: UniversalHandler,
  options: RequestHandlerOptions,
): Promise<void> {
  capDeadline(request, handler, options);
  const values = createContextValues().set(incomingKey, incoming);
  const universal = universalRequestFromNodeRequest(request, response, undefined, values);
  const answer = await handler({ ...universal, body: bodyOf(request) });
  await universalResponseToNodeResponse(await inOrder(request, response, answer), response);
}

/** Before Connect reads it (C1). */
function capDeadline(
  { headers }: NodeRequest,
  { method }: UniversalHandler,
  options: RequestHandlerOptions,
): void {
  const isGrpc = headers["content-type"]?.startsWith("application/grpc") === true;
  const name = isGrpc ? "grpc-timeout" : "connect-timeout-ms";
  const text = String(headers[name] ?? "");
  const asked = isGrpc ? parseGrpcTimeout(text) : parseConnectTimeout(text);
  // What cannot be read is refused by Connect.
  if (asked === undefined && text !== "") return;
  const timeoutMs = deadlineOf(asked, method.methodKind !== "unary", options);
  if (timeoutMs !== undefined)
    headers[name] = isGrpc ? `${Math.ceil(timeoutMs)}m` : String(Math.ceil(timeoutMs));
}

function protocolOf({ headers }: NodeRequest): Protocol {
  const type = headers["content-type"] ?? "";
  if (type.startsWith("application/grpc-web")) return "grpc-web";
  return type.startsWith("application/grpc") ? "grpc" : "connect";
}

/** Whether a call of no known method comes from a client of Connect, by its head or by the look of its path. */
function isConnect({ headers, method, url = "" }: NodeRequest): boolean {
  if (headers["connect-protocol-version"] !== undefined) return true;
  if (headers["content-type"]?.startsWith("application/connect+") === true) return true;
  return method === "POST" && /^\/\w+(\.\w+)+\/\w+$/.test(url);
}

/** What is not public is refused in the same words as what is not there. */
function refuseUnknown({ incoming, request, response }: Exchange, found: ReturnType<typeof findRest>): void {
  const protocol = protocolOf(request);
  if (protocol !== "connect") {
    const error = new ConnectError("no such method", Code.Unimplemented);
    incoming.outcome.protocol = protocol;
    incoming.outcome.code = "unimplemented";
    const headers = { "content-type": request.headers["content-type"] ?? "", ...statusHeaders(error) };
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    return writeEmpty(response, 200);
  }
  const writer = asWriter(response);
  if (isConnect(request)) {
    incoming.outcome.protocol = "connect";
    return writeJson(writer, 404, { code: "unimplemented", message: "no such method" });
  }
  switch (found.type) {
    case "other-methods": {
      const allow = { allow: found.allowed.join(", ") };
      return writeFailure(
        writer,
        new RestError(405, Code.Unimplemented, "this path has other methods", allow),
      );
    }
    case "malformed":
      return writeFailure(writer, new RestError(400, Code.InvalidArgument, "the path is malformed"));
    default:
      return writeFailure(writer, new RestError(404, Code.Unimplemented, "no such path"));
  }
}

function writeEmpty(response: NodeResponse, status: number): void {
  const writer = asWriter(response);
  writer.statusCode = status;
  writer.end();
}

function failed({ incoming, response }: Exchange, error: unknown, { logger }: RequestHandlerOptions): void {
  const writer = asWriter(response);
  if (writer.destroyed) return;
  logger.debug({ err: error, requestId: incoming.id }, "a request could not be answered");
  if (writer.headersSent) writer.end();
  else writeFailure(writer, new RestError(400, Code.InvalidArgument, "the request is malformed"));
}

function nameOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}
