// One gRPC call, seen as it is on the wire: a client library would hide what the checks look at, such as a stream that
// the server does not end.
import {
  constants,
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from "node:http2";
import { createFrameReader, frameOf } from "./frames.ts";

/** A unary call of the Connect protocol: the message alone. */
const unframed = "application/proto";

export interface CallRequest {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly body?: Uint8Array;
  /** Beside those that every call has. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default `application/grpc`, whose bodies have a length before them. */
  readonly contentType?: string;
  /** How long we wait for the end; the server is not told. */
  readonly waitMs: number;
}

/** How a call ended. */
export type CallEnd =
  | { readonly type: "status"; readonly code: number; readonly message: string }
  | { readonly type: "http"; readonly status: number }
  | { readonly type: "reset"; readonly code: number }
  /** It has not ended within `waitMs`. */
  | { readonly type: "open" };

export interface Call {
  /** What came until now. */
  readonly messages: readonly Uint8Array[];
  /** Resolves when a message is there, or the end. */
  readonly first: Promise<void>;
  /** Resolves with the end; it never rejects. */
  readonly end: Promise<CallEnd>;
  /** Tells the server that nobody waits any more. */
  cancel(): void;
}

export function startCall(session: ClientHttp2Session, request: CallRequest): Call {
  const { path, body = new Uint8Array(), headers = {}, contentType = "application/grpc", waitMs } = request;
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": contentType,
    te: "trailers",
    ...headers,
  });
  const messages: Uint8Array[] = [];
  const read = createFrameReader();
  const first = Promise.withResolvers<void>();
  const end = Promise.withResolvers<CallEnd>();
  let head: IncomingHttpHeaders & IncomingHttpStatusHeader = {};
  let trailers: IncomingHttpHeaders = {};
  const timer = setTimeout(() => finish({ type: "open" }), waitMs);
  const finish = (how: CallEnd): void => {
    clearTimeout(timer);
    first.resolve();
    end.resolve(how);
  };
  stream.on("response", (received) => {
    head = received;
  });
  stream.on("trailers", (received) => {
    trailers = received;
  });
  stream.on("data", (chunk: Buffer) => {
    for (const message of read(chunk)) messages.push(message);
    if (messages.length > 0) first.resolve();
  });
  // The reason is in `rstCode`.
  stream.on("error", () => {});
  stream.on("close", () => finish(endOf(head, trailers, stream.rstCode)));
  stream.end(contentType === unframed ? body : frameOf(body));
  return {
    messages,
    first: first.promise,
    end: end.promise,
    cancel: () => stream.close(constants.NGHTTP2_CANCEL),
  };
}

function endOf(
  head: IncomingHttpHeaders & IncomingHttpStatusHeader,
  trailers: IncomingHttpHeaders,
  rstCode: number | undefined,
): CallEnd {
  const status = trailers["grpc-status"] ?? head["grpc-status"];
  if (status !== undefined) {
    const message = String(trailers["grpc-message"] ?? head["grpc-message"] ?? "");
    return { type: "status", code: Number(status), message: decoded(message) };
  }
  const httpStatus = head[":status"];
  const isGrpc = /^application\/grpc($|\+|;)/.test(String(head["content-type"]));
  if (httpStatus !== undefined && (httpStatus !== 200 || !isGrpc))
    return { type: "http", status: httpStatus };
  return { type: "reset", code: rstCode ?? constants.NGHTTP2_INTERNAL_ERROR };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
