// gRPC to gRPC: the bytes of messages, their compression, and the metadata go through as they are, in both directions,
// no faster than the other end takes them.
import type { IncomingHttpHeaders } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import {
  toConnectError,
  type NodeRequest,
  type NodeResponse,
  type ProxyCalls,
  type RawResponse,
} from "@samspel/runtime/proxy";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Admission } from "../admission/index.ts";
import { deadlineOf, parseGrpcTimeout, type Deadlines } from "../http/deadline.ts";
import type { Incoming } from "../http/incoming.ts";
import { headersToCaller, headersToService } from "../http/pass-headers.ts";
import { readBody } from "../http/read-body.ts";
import { codeName } from "../http/status.ts";
import { limitFrames, messageTooLarge } from "./frame-limit.ts";
import { statusHeaders } from "./grpc-errors.ts";

const frameHeadBytes = 5;

export interface PassThroughOptions extends Deadlines {
  readonly calls: Pick<ProxyCalls, "raw">;
  readonly admission: Admission;
  readonly maxMessageBytes: number;
  readonly shutdown: AbortSignal;
}

/** Whether a request is one: gRPC over HTTP/2 in its own encoding. Others have to be decoded. */
export function isPassedThrough(request: NodeRequest): boolean {
  const type = request.headers["content-type"];
  return (
    request.method === "POST" &&
    "stream" in request &&
    (type === "application/grpc" || type === "application/grpc+proto")
  );
}

export async function passThrough(
  incoming: Incoming,
  method: DescMethod,
  { request, response }: { readonly request: NodeRequest; readonly response: NodeResponse },
  options: PassThroughOptions,
): Promise<void> {
  const { stream } = response as Http2ServerResponse;
  const left = new AbortController();
  const onClose = (): void => left.abort(new ConnectError("the caller has gone", Code.Canceled));
  stream.once("close", onClose);
  try {
    await options.admission.admit(incoming, method);
    const isStream = method.methodKind !== "unary";
    const answer = await options.calls.raw({
      method,
      headers: requestHeaders(incoming, options.admission),
      body: await bodyFor(method, request as Http2ServerRequest, options.maxMessageBytes, left),
      timeoutMs: deadlineOf(parseGrpcTimeout(asText(incoming.headers["grpc-timeout"])), isStream, options),
      signal: AbortSignal.any([left.signal, options.shutdown]),
    });
    answerWith(answer, incoming, response as Http2ServerResponse, left.signal);
  } catch (error) {
    const seen = toConnectError(left.signal.aborted ? left.signal.reason : error);
    incoming.outcome.code = codeName(seen.code);
    refuse(stream, response, seen);
  }
}

function requestHeaders(incoming: Incoming, { endsTokens }: Admission): Record<string, string | string[]> {
  const headers = headersToService(incoming, { withProtocol: true, endsTokens });
  return { ...headers, "content-type": "application/grpc", te: "trailers" };
}

/** The one message as a whole, so that it can be sent again; several as they come. */
async function bodyFor(
  { methodKind }: DescMethod,
  request: Http2ServerRequest,
  maxBytes: number,
  left: AbortController,
) {
  if (methodKind === "unary" || methodKind === "server_streaming") {
    const body = await readBody(request, maxBytes + frameHeadBytes);
    if (body === undefined)
      throw messageTooLarge(Number(request.headers["content-length"] ?? maxBytes + 1), maxBytes);
    return body;
  }
  const limited = limitFrames(maxBytes);
  limited.once("error", (error) => {
    left.abort(error);
    // Not ended, which would take the answer with it: what still comes is dropped.
    request.unpipe(limited);
    request.resume();
  });
  request.once("close", () => {
    if (!request.readableEnded) limited.destroy();
  });
  return request.pipe(limited);
}

function answerWith(
  answer: RawResponse,
  incoming: Incoming,
  response: Http2ServerResponse,
  left: AbortSignal,
): void {
  const { headers, stream } = answer;
  const known = { ...response.getHeaders(), ...headersToCaller(headers) };
  if (headers["grpc-status"] !== undefined) {
    noteStatus(incoming, headers);
    stream.resume();
    response.stream.respond({ ":status": Number(headers[":status"]), ...known }, { endStream: true });
    return;
  }
  response.writeHead(Number(headers[":status"]), known);
  const finish = (): void => {
    if (response.stream.destroyed || response.writableEnded) return;
    const last = answer.trailers === undefined ? statusHeaders(cut(left)) : headersToCaller(answer.trailers);
    noteStatus(incoming, last);
    response.addTrailers(last);
    response.end();
  };
  if (stream.readableEnded) return finish();
  stream.once("end", finish).once("close", finish);
  stream.pipe(response, { end: false });
  response.stream.once("close", () => stream.close());
}

function cut(left: AbortSignal): ConnectError {
  if (left.aborted) return ConnectError.from(left.reason);
  const message = "the connection to the service was lost in the middle of its answer";
  return new ConnectError(message, Code.Unavailable);
}

function noteStatus(incoming: Incoming, headers: IncomingHttpHeaders): void {
  const status = new Headers({ "grpc-status": asText(headers["grpc-status"]) ?? "2" });
  const error = findTrailerError(status);
  incoming.outcome.code = error === undefined ? "ok" : codeName(error.code);
}

function refuse(stream: ServerHttp2Stream, response: NodeResponse, error: ConnectError): void {
  if (stream.destroyed || stream.headersSent) return;
  const headers = { ...response.getHeaders(), "content-type": "application/grpc", ...statusHeaders(error) };
  stream.respond({ ":status": 200, ...headers }, { endStream: true });
}

function asText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
