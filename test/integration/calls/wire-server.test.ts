// gRPC at the server, byte by byte: what hostile, odd and slow callers get.
import { once } from "node:events";
import http2, { type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import { connect } from "node:net";
import { promisify } from "node:util";
import { gunzipSync, gzipSync } from "node:zlib";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createClient,
  createHandlerContext,
  type HandlerContext,
  type Interceptor,
} from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import t, { type Test } from "tap";
import type { RpcServer } from "../../../ts-runtime/src/service/index.ts";
import {
  EchoManyRequestSchema,
  EchoOnceRequestSchema,
  EchoOnceResponseSchema,
  EchoService,
} from "../../gen/samspel/test/v1/echo_pb.ts";
import {
  frameFlags,
  frameTypes,
  frameTypesOf,
  headerBlock,
  http2Frame,
  preface,
} from "../../support/http2-bytes.ts";
import { startEcho } from "./echo-server.ts";

const withinMs = 10_000;

function sessionTo(t: Test, server: RpcServer): ClientHttp2Session {
  const session = http2.connect(`http://127.0.0.1:${server.port}`);
  t.teardown(() => session.destroy());
  return session;
}

function frame(message: Uint8Array, flags = 0): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(5), message]);
  bytes[0] = flags;
  bytes.writeUInt32BE(message.length, 1);
  return bytes;
}

const hej = frame(toBinary(EchoOnceRequestSchema, create(EchoOnceRequestSchema, { text: "hej" })));

interface Answer {
  /** The headers, and the trailers where there are any. */
  readonly fields: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly chunks: number;
}

async function call(
  session: ClientHttp2Session,
  method: string,
  bytes: Buffer | readonly Buffer[],
  headers: Record<string, string> = {},
): Promise<Answer> {
  const stream = session.request({
    ":method": "POST",
    ":path": `/samspel.test.v1.EchoService/${method}`,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  let fields: IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  stream.on("response", (head) => (fields = { ...fields, ...head }));
  stream.on("trailers", (trailers) => (fields = { ...fields, ...trailers }));
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  for (const chunk of Array.isArray(bytes) ? (bytes as readonly Buffer[]) : [bytes as Buffer])
    stream.write(chunk);
  stream.end();
  await once(stream, "close", { signal: AbortSignal.timeout(withinMs) });
  return { fields, body: Buffer.concat(chunks), chunks: chunks.length };
}

function codeOf({ fields }: Answer): number {
  return Number(fields["grpc-status"]);
}

t.test("a call answers whatever pieces it comes in", async (t) => {
  const { server } = await startEcho(t);
  const session = sessionTo(t, server);
  const single = Array.from({ length: hej.length }, (_, index) => hej.subarray(index, index + 1));
  for (const pieces of [[hej], single, [hej.subarray(0, 5), hej.subarray(5)], [Buffer.alloc(0), hej]]) {
    const answer = await call(session, "EchoOnce", pieces);
    t.equal(codeOf(answer), 0);
    t.equal(fromBinary(EchoOnceResponseSchema, answer.body.subarray(5)).text, "hej");
    t.equal(answer.fields["content-type"], "application/grpc+proto");
  }
});

t.test("what is no request of the method is refused as gRPC says, and the handler never runs", async (t) => {
  const echo = await startEcho(t, { maxReceiveBytes: 1_000 });
  const session = sessionTo(t, echo.server);
  const refused: Record<string, readonly [Buffer, Record<string, string>, Code]> = {
    "no message": [Buffer.alloc(0), {}, Code.Unimplemented],
    "two messages": [Buffer.concat([hej, hej]), {}, Code.Unimplemented],
    "half a message": [hej.subarray(0, 7), {}, Code.InvalidArgument],
    "no protobuf": [frame(Buffer.from([0xff, 0xff])), {}, Code.Internal],
    "unknown flags": [frame(Buffer.from([]), 0x80), {}, Code.Internal],
    "a compressed message without a word": [frame(gzipSync(hej.subarray(5)), 1), {}, Code.Internal],
    "an unknown compression": [hej, { "grpc-encoding": "snappy" }, Code.Unimplemented],
    "what is no gzip": [frame(Buffer.from("no"), 1), { "grpc-encoding": "gzip" }, Code.InvalidArgument],
    "a timeout that is none": [hej, { "grpc-timeout": "soon" }, Code.InvalidArgument],
  };
  for (const [name, [bytes, headers, code]] of Object.entries(refused)) {
    t.equal(codeOf(await call(session, "EchoOnce", bytes, headers)), code, name);
  }
  const unknown = await call(session, "EchoOnce", hej, { "grpc-encoding": "snappy" });
  t.equal(unknown.fields["grpc-accept-encoding"], "gzip,br", "and the caller learns what would be known");
  t.equal(codeOf(await call(session, "Ekho", hej)), Code.Unimplemented);
  t.equal(echo.contexts.length, 0);
  t.equal(codeOf(await call(session, "EchoOnce", hej)), 0, "the connection stays good");
});

t.test("a message that would be too large is refused by its length, before it comes (F1)", async (t) => {
  const { server } = await startEcho(t, { maxReceiveBytes: 1_000 });
  const stream = sessionTo(t, server).request({
    ":method": "POST",
    ":path": "/samspel.test.v1.EchoService/EchoOnce",
    "content-type": "application/grpc",
  });
  stream.write(Buffer.from([0, 0x7f, 0xff, 0xff, 0xff]));
  const [head] = await once(stream, "response", { signal: AbortSignal.timeout(withinMs) });
  t.equal(Number(head["grpc-status"]), Code.ResourceExhausted);
});

t.test("a bomb of a compressed message is refused before it has gone off (Z1)", async (t) => {
  const { server } = await startEcho(t);
  const bomb = frame(gzipSync(Buffer.alloc(64 * 1024 * 1024)), 1);
  t.ok(bomb.length < 100_000);
  for (const method of ["EchoOnce", "EchoJoined"]) {
    const answer = await call(sessionTo(t, server), method, bomb, { "grpc-encoding": "gzip" });
    t.equal(codeOf(answer), Code.ResourceExhausted, method);
  }
});

t.test("compressed requests are read, and large answers compressed for who takes that (Z2)", async (t) => {
  const { server } = await startEcho(t);
  const session = sessionTo(t, server);
  const text = "hej ".repeat(30_000);
  const message = toBinary(EchoOnceRequestSchema, create(EchoOnceRequestSchema, { text }));
  const asked = frame(gzipSync(message), 1);
  const answer = await call(session, "EchoOnce", asked, {
    "grpc-encoding": "gzip",
    "grpc-accept-encoding": "identity, gzip",
  });
  t.equal(answer.fields["grpc-encoding"], "gzip");
  t.equal(answer.body[0], 1);
  t.equal(fromBinary(EchoOnceResponseSchema, gunzipSync(answer.body.subarray(5))).text, text);
  const plain = await call(session, "EchoOnce", frame(message), { "grpc-accept-encoding": "snappy" });
  t.equal(plain.fields["grpc-encoding"], undefined);
  t.equal(plain.body[0], 0);
});

t.test(
  "what is gRPC in another form is Connect's affair: JSON is answered, what is unknown refused",
  async (t) => {
    const { server } = await startEcho(t);
    const session = sessionTo(t, server);
    const json = { "content-type": "application/grpc+json" };
    const answer = await call(session, "EchoOnce", frame(Buffer.from('{"text":"hej"}')), json);
    t.equal(codeOf(answer), 0);
    t.same(JSON.parse(answer.body.subarray(5).toString()), { text: "hej" });
    const odd = await call(session, "EchoOnce", hej, { "content-type": "application/grpc+odd" });
    t.equal(odd.fields[":status"], 415);
    const get = await call(session, "EchoOnce", Buffer.alloc(0), { ":method": "PUT" });
    t.equal(get.fields[":status"], 405);
  },
);

t.test("many small messages of a stream come in few pieces (K1)", async (t) => {
  const { server } = await startEcho(t);
  const count = 5_000;
  const request = create(EchoManyRequestSchema, { text: "hej", count });
  const answer = await call(
    sessionTo(t, server),
    "EchoMany",
    frame(toBinary(EchoManyRequestSchema, request)),
  );
  t.equal(codeOf(answer), 0);
  t.equal(answer.body.length, count * 10);
  t.ok(answer.chunks < count / 50, `${answer.chunks} pieces`);
});

t.test("a stream that is not read holds up its handler (K2)", async (t) => {
  let made = 0;
  const { server } = await startEcho(
    t,
    {},
    {
      async *echoMany({ count }) {
        for (; made < count; made++) yield { text: "x".repeat(1_000) };
      },
    },
  );
  const session = sessionTo(t, server);
  const stream = session.request({
    ":method": "POST",
    ":path": "/samspel.test.v1.EchoService/EchoMany",
    "content-type": "application/grpc",
  });
  stream.end(frame(toBinary(EchoManyRequestSchema, create(EchoManyRequestSchema, { count: 100_000 }))));
  await once(stream, "response", { signal: AbortSignal.timeout(withinMs) });
  // Longer than all that it could send takes.
  let before = -1;
  while (before !== made) {
    before = made;
    for (let turn = 0; turn < 5; turn++) await promisify(session.ping.bind(session))();
  }
  t.ok(made > 0 && made < 2_000, `${made} messages were made for a window of 64 KiB`);
  stream.close(http2.constants.NGHTTP2_CANCEL);
});

t.test("a handler whose caller leaves is told so, and a stream of answers returns", async (t) => {
  const returned = Promise.withResolvers<void>();
  const { server } = await startEcho(
    t,
    {},
    {
      async *echoMany(_, { signal }) {
        try {
          yield { text: "hej" };
          await once(signal, "abort");
          yield { text: "nobody hears it" };
        } finally {
          returned.resolve();
        }
      },
    },
  );
  const stream = sessionTo(t, server).request({
    ":method": "POST",
    ":path": "/samspel.test.v1.EchoService/EchoMany",
    "content-type": "application/grpc",
  });
  stream.end(frame(toBinary(EchoManyRequestSchema, create(EchoManyRequestSchema, { count: 1 }))));
  stream.resume();
  await once(stream, "response", { signal: AbortSignal.timeout(withinMs) });
  stream.close(http2.constants.NGHTTP2_CANCEL);
  await returned.promise;
});

/** Of Connect's own: what a context is. */
const plainInit = {
  service: EchoService,
  method: EchoService.method.echo,
  protocolName: "grpc",
  requestMethod: "POST",
  url: "http://test",
};

t.test("a context is made when it is looked at, and is then what Connect's is", async (t) => {
  const seen: HandlerContext[] = [];
  const during: boolean[] = [];
  const { server } = await startEcho(
    t,
    { timeoutMs: 5_000 },
    {
      echo({ text }, context) {
        seen.push(context);
        if (text === "early") during.push(context.signal.aborted);
        context.responseHeader.set("x-head", "1");
        context.responseTrailer.append("x-trail", "ä".normalize("NFD").replace(/[^ -~]/g, "") + "1");
        context.responseTrailer.append("x-trail", "2");
        if (text === "refuse") throw new ConnectError("no", Code.Aborted, { "x-error": "1" });
        return { text };
      },
    },
  );
  const client = createClient(
    EchoService,
    createGrpcTransport({ baseUrl: `http://127.0.0.1:${server.port}` }),
  );
  const came: Record<string, string | null> = {};
  await client.echo(
    { text: "early" },
    {
      headers: { "x-own": "1", "x-own-bin": "AAEC" },
      onHeader: (headers) => (came["x-head"] = headers.get("x-head")),
      onTrailer: (trailers) => (came["x-trail"] = trailers.get("x-trail")),
    },
  );
  t.same(came, { "x-head": "1", "x-trail": "a1, 2" });
  await client.echo({ text: "late" });
  const error = ConnectError.from(await client.echo({ text: "refuse" }).catch((error: unknown) => error));
  t.equal(error.code, Code.Aborted);
  for (const name of ["x-head", "x-trail", "x-error"]) t.ok(error.metadata.has(name), name);

  const [early, late] = seen;
  if (early === undefined || late === undefined) throw new Error("the handler did not run");
  t.same(during, [false]);
  t.ok(early.signal.aborted, "the signal of a call that has ended has aborted");
  t.ok(late.signal.aborted, "also one that nobody had looked at");
  const left = early.timeoutMs() ?? 0;
  t.ok(left > 0 && left <= 5_000 && Number.isInteger(left));
  t.equal(early.requestHeader.get("x-own"), "1");
  t.equal(early.requestHeader.get("x-own-bin"), "AAEC");
  t.equal(early.requestHeader, early.requestHeader);
  t.equal(early.requestHeader.get("grpc-timeout"), "5000m");
  t.equal(new URL(early.url).pathname, "/samspel.test.v1.EchoService/Echo");
  t.match(early, { protocolName: "grpc", requestMethod: "POST", service: EchoService });
  const spread: Record<string, unknown> = { ...early, own: 1 };
  t.equal(spread["signal"], early.signal, "a handler may spread it");
  const known = Object.keys(createHandlerContext(plainInit)).filter((name) => name !== "abort");
  t.same(Object.keys(early).toSorted(), known.toSorted());
});

t.test("interceptors are around calls of each kind", async (t) => {
  const seen: string[] = [];
  const note: Interceptor = (next) => async (request) => {
    seen.push(`${request.method.name} ${request.stream} ${request.header.get("x-own")}`);
    const response = await next({ ...request });
    response.header.set("x-noted", "1");
    return { ...response };
  };
  const { server } = await startEcho(t, { interceptors: [note] });
  const client = createClient(
    EchoService,
    createGrpcTransport({ baseUrl: `http://127.0.0.1:${server.port}` }),
  );
  const heads: (string | null)[] = [];
  const options = {
    headers: { "x-own": "1" },
    onHeader: (headers: Headers) => void heads.push(headers.get("x-noted")),
  };
  async function* say() {
    yield { text: "hej" };
    yield { text: "du" };
  }
  t.equal((await client.echo({ text: "hej" }, options)).text, "hej");
  t.equal((await client.echoJoined(say(), options)).text, "hej du");
  const texts: string[] = [];
  for await (const { text } of client.echoMany({ text: "hej", count: 2 }, options)) texts.push(text);
  for await (const { text } of client.echoEach(say(), options)) texts.push(text);
  t.same(texts, ["hej", "hej", "hej", "du"]);
  t.same(seen, ["Echo false 1", "EchoJoined true 1", "EchoMany true 1", "EchoEach true 1"]);
  t.same(heads, ["1", "1", "1", "1"]);
  const late = client.echo({ text: "wait" }, { headers: { "grpc-timeout": "50m" } });
  t.equal(ConnectError.from(await late.catch((error: unknown) => error)).code, Code.DeadlineExceeded);
});

t.test("headers above the limit end their request, and nothing else", async (t) => {
  const echo = await startEcho(t);
  const socket = connect(echo.server.port, "127.0.0.1");
  t.teardown(() => socket.destroy());
  socket.on("error", () => {});
  const block = headerBlock([
    [":method", "POST"],
    [":scheme", "http"],
    [":authority", "test"],
    [":path", "/samspel.test.v1.EchoService/EchoOnce"],
    ["content-type", "application/grpc"],
    ...Array.from({ length: 20 }, (_, index) => [`x-${index}`, "x".repeat(10_000)] as const),
  ]);
  const parts = Array.from({ length: Math.ceil(block.length / 16_384) }, (_, index) =>
    block.subarray(index * 16_384, (index + 1) * 16_384),
  );
  const { settings, headers, continuation, reset, goaway } = frameTypes;
  socket.write(preface);
  socket.write(http2Frame(settings, 0, 0, Buffer.alloc(0)));
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    socket.write(
      http2Frame(index === 0 ? headers : continuation, isLast ? frameFlags.endHeaders : 0, 1, part),
    );
  }
  let received = Buffer.alloc(0);
  while (!frameTypesOf(received).some((type) => type === reset || type === goaway)) {
    const [chunk] = await once(socket, "data", { signal: AbortSignal.timeout(withinMs) });
    received = Buffer.concat([received, chunk as Buffer]);
  }
  t.equal(echo.contexts.length, 0);
  t.equal(codeOf(await call(sessionTo(t, echo.server), "EchoOnce", hej)), 0);
});

t.test("a slow reader gets the whole answer, though it has not ended its request (U1)", async (t) => {
  // Less than is buffered, and more than fits into the reader's window.
  const size = 30_000;
  const { server } = await startEcho(
    t,
    {},
    {
      async *echoEach() {
        yield { text: "x".repeat(size) };
      },
    },
  );
  const settings = { initialWindowSize: 1_000 };
  const session = http2.connect(`http://127.0.0.1:${server.port}`, { settings });
  t.teardown(() => session.destroy());
  const stream = session.request({
    ":method": "POST",
    ":path": "/samspel.test.v1.EchoService/EchoEach",
    "content-type": "application/grpc",
  });
  stream.write(hej);
  await once(stream, "response", { signal: AbortSignal.timeout(withinMs) });
  // Longer than the rest of a request is read for.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  let received = 0;
  stream.on("data", (chunk: Buffer) => (received += chunk.length));
  const [trailers] = await once(stream, "trailers", { signal: AbortSignal.timeout(withinMs) });
  t.equal(trailers["grpc-status"], "0");
  t.ok(received > size);
  await once(stream, "close", { signal: AbortSignal.timeout(withinMs) });
});
