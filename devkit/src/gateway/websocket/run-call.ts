// One call over one WebSocket, of any kind of method.
import type { JsonObject, Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { createWritableIterable } from "@connectrpc/connect/protocol";
import { errorToJson } from "@connectrpc/connect/protocol-connect";
import { toConnectError, type ProxyCalls } from "@samspel/runtime/proxy";
import type { WebSocket } from "ws";
import type { Admission } from "../admission/index.ts";
import { deadlineOf, parseConnectTimeout, type Deadlines } from "../http/deadline.ts";
import type { Incoming } from "../http/incoming.ts";
import { headersToService, toHeaders } from "../http/pass-headers.ts";
import { codeName } from "../http/status.ts";
import type { RpcRoute } from "../route-table.ts";
import { framingOf, type Framing, type Subprotocol } from "./framing.ts";

export interface CallOptions extends Deadlines {
  readonly calls: Pick<ProxyCalls, "transport">;
  readonly admission: Admission;
  readonly shutdown: AbortSignal;
  readonly route: RpcRoute;
  readonly incoming: Incoming;
  readonly subprotocol: Subprotocol;
}

const pingEveryMs = 30_000;
const normalClosure = 1_000;

/** Runs it to its end, and closes the socket; never rejects. */
export async function runCall(socket: WebSocket, options: CallOptions): Promise<void> {
  const { route, incoming, admission } = options;
  const framing = framingOf(options.subprotocol, route.method, route.types);
  const left = new AbortController();
  const requests = createWritableIterable<Message>();
  readRequests(socket, framing, requests, left);
  keepAlive(socket);
  try {
    await admission.admit(incoming, route.method);
    const signal = AbortSignal.any([left.signal, options.shutdown]);
    const metadata = await exchange(socket, framing, requests, signal, options);
    incoming.outcome.code = "ok";
    await send(socket, framing.end(metadata));
  } catch (error) {
    const seen = toConnectError(left.signal.aborted ? left.signal.reason : error);
    incoming.outcome.code = codeName(seen.code);
    await send(socket, framing.end({ error: errorToJson(seen, { registry: route.types }) }));
  }
  requests.close();
  socket.close(normalClosure);
}

type Requests = ReturnType<typeof createWritableIterable<Message>>;

function readRequests(socket: WebSocket, framing: Framing, requests: Requests, left: AbortController): void {
  let ended = false;
  socket.on("message", (data, isBinary) => {
    if (ended) return;
    try {
      const bytes = Array.isArray(data) ? Buffer.concat(data) : toBuffer(data);
      const frame = framing.read(bytes, isBinary);
      if (frame.type === "end") {
        ended = true;
        requests.close();
        return;
      }
      // Until it is taken, nothing more is read (V2).
      socket.pause();
      void requests.write(frame.message).then(
        () => socket.resume(),
        () => socket.resume(),
      );
    } catch (error) {
      ended = true;
      left.abort(error);
    }
  });
  socket.on("error", () => socket.terminate());
  socket.once("close", () => {
    left.abort(new ConnectError("the caller has gone", Code.Canceled));
    requests.close();
  });
}

function toBuffer(data: ArrayBuffer | Buffer): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

/** The answers, one after the other; what comes with them in the end. */
async function exchange(
  socket: WebSocket,
  framing: Framing,
  requests: Requests,
  signal: AbortSignal,
  { calls: { transport }, admission, incoming, route, ...deadlines }: CallOptions,
): Promise<JsonObject> {
  const { method } = route;
  const { endsTokens } = admission;
  const header = toHeaders(headersToService(incoming, { withProtocol: false, endsTokens }));
  const asked = parseConnectTimeout(String(incoming.headers["connect-timeout-ms"] ?? ""));
  const timeoutMs = deadlineOf(asked, method.methodKind !== "unary", deadlines) ?? 0;
  const isSingle = method.methodKind === "unary" || method.methodKind === "server_streaming";
  const single = isSingle ? await onlyOne(requests) : undefined;
  if (method.methodKind === "unary") {
    const answer = await transport.unary(
      method as Parameters<Transport["unary"]>[0],
      signal,
      timeoutMs,
      header,
      single as Parameters<Transport["unary"]>[4],
    );
    await send(socket, framing.message(answer.message));
    return endOf(answer.header, answer.trailer);
  }
  const answer = await transport.stream(
    method as Parameters<Transport["stream"]>[0],
    signal,
    timeoutMs,
    header,
    (single === undefined ? requests : one(single)) as Parameters<Transport["stream"]>[4],
  );
  for await (const message of answer.message) {
    await send(socket, framing.message(message));
    signal.throwIfAborted();
  }
  return endOf(answer.header, answer.trailer);
}

/** What has one request needs no end of them. */
async function onlyOne(requests: Requests): Promise<Message> {
  for await (const message of requests) return message;
  throw new ConnectError("the method has one request, and none came", Code.InvalidArgument);
}

async function* one(message: Message): AsyncGenerator<Message> {
  yield message;
}

function endOf(header: Headers, trailer: Headers): JsonObject {
  const metadata: Record<string, string> = {};
  for (const [name, value] of [...header, ...trailer]) {
    if (!/^(grpc-|content-type$|date$|content-length$)/.test(name)) metadata[name] = value;
  }
  return Object.keys(metadata).length === 0 ? {} : { metadata };
}

/** Resolves when it is written, or when nobody is there any more. */
function send(socket: WebSocket, data: string | Uint8Array): Promise<void> {
  if (socket.readyState !== socket.OPEN) return Promise.resolve();
  return new Promise((resolve) => socket.send(data, () => resolve()));
}

/** A peer that has gone without a word is noticed. */
function keepAlive(socket: WebSocket): void {
  let isAlive = true;
  socket.on("pong", () => (isAlive = true));
  const timer = setInterval(() => {
    if (!isAlive) return socket.terminate();
    isAlive = false;
    socket.ping();
  }, pingEveryMs);
  socket.once("close", () => clearInterval(timer));
}
