// gRPC at the client: servers that are slow, odd, hostile, or gone; and grpc-js at the other end.
import { once } from "node:events";
import http2, { type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { createServer, type Server } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Client } from "@connectrpc/connect";
import grpc from "@grpc/grpc-js";
import t, { type Test } from "tap";
import {
  createGrpcClientTransport,
  Deadlines,
  NodeClientConnection,
  StreamFailure,
} from "../../../ts-runtime/src/grpc/index.ts";
import {
  EchoRequestSchema,
  EchoResponseSchema,
  EchoEachRequestSchema,
  EchoEachResponseSchema,
  EchoJoinedRequestSchema,
  EchoJoinedResponseSchema,
  EchoManyRequestSchema,
  EchoManyResponseSchema,
  EchoService,
} from "../../gen/samspel/test/v1/echo_pb.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { startEcho } from "./echo-server.ts";
import { failureOf } from "../../support/failure-of.ts";

const withinMs = 10_000;

function clientOf(
  t: Test,
  port: number,
  patience: ConstructorParameters<typeof NodeClientConnection>[2] = {},
): { client: Client<typeof EchoService>; carrier: NodeClientConnection } {
  const carrier = new NodeClientConnection(`http://127.0.0.1:${port}`, undefined, patience);
  t.teardown(() => carrier.close());
  const transport = createGrpcClientTransport({ carrier, deadlines: new Deadlines(), maxBytes: 100_000 });
  return { client: createClient(EchoService, transport), carrier };
}

interface Raw {
  readonly port: number;
  readonly sessions: ReadonlySet<ServerHttp2Session>;
}

async function startRaw(
  t: Test,
  onStream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
  settings: http2.Settings = {},
): Promise<Raw> {
  const server = http2.createServer({ settings });
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => {}).once("close", () => sessions.delete(session));
  });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    onStream(stream, headers);
  });
  server.on("sessionError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { port: portOf(server), sessions };
}

function portOf(server: Pick<Server, "address">): number {
  const address = server.address();
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

function frame(message: Uint8Array, flags = 0): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(5), message]);
  bytes[0] = flags;
  bytes.writeUInt32BE(message.length, 1);
  return bytes;
}

const hej = frame(toBinary(EchoResponseSchema, create(EchoResponseSchema, { text: "hej" })));

function answer(
  stream: ServerHttp2Stream,
  bytes: Buffer,
  head: http2.OutgoingHttpHeaders = {},
  trailers: http2.OutgoingHttpHeaders = { "grpc-status": "0" },
): void {
  stream.resume();
  stream.respond({ "content-type": "application/grpc", ...head }, { waitForTrailers: true });
  stream.once("wantTrailers", () => stream.sendTrailers(trailers));
  stream.end(bytes);
}

function kindOf({ cause }: ConnectError): string | undefined {
  return cause instanceof StreamFailure ? cause.kind : undefined;
}

t.test("answers that are no answer are refused as gRPC says", async (t) => {
  const bomb = frame(gzipSync(Buffer.alloc(8 * 1024 * 1024)), 1);
  const large = Buffer.from([0, 0x7f, 0xff, 0xff, 0xff]);
  const cases: Record<string, readonly [(stream: ServerHttp2Stream) => void, Code]> = {
    "no message": [(stream) => answer(stream, Buffer.alloc(0)), Code.Unimplemented],
    "two messages": [(stream) => answer(stream, Buffer.concat([hej, hej])), Code.Unimplemented],
    "half a message": [(stream) => answer(stream, hej.subarray(0, 7)), Code.InvalidArgument],
    "no protobuf": [(stream) => answer(stream, frame(Buffer.from([0xff]))), Code.Internal],
    "unknown flags": [(stream) => answer(stream, frame(Buffer.alloc(0), 2)), Code.Internal],
    "a length beyond the limit": [(stream) => answer(stream, large), Code.ResourceExhausted],
    "a bomb": [(stream) => answer(stream, bomb, { "grpc-encoding": "gzip" }), Code.ResourceExhausted],
    "an encoding that is not known": [
      (stream) => answer(stream, hej, { "grpc-encoding": "snappy" }),
      Code.Internal,
    ],
    "no status": [(stream) => answer(stream, hej, {}, { "x-other": "1" }), Code.Internal],
    "a page of HTML": [
      (stream) => stream.respond({ ":status": 502, "content-type": "text/html" }, { endStream: true }),
      Code.Unavailable,
    ],
    "another type": [(stream) => answer(stream, hej, { "content-type": "text/plain" }), Code.Unknown],
    "a status in the head with a body": [
      (stream) => answer(stream, hej, { "grpc-status": "9" }, { "grpc-status": "0" }),
      0 as Code,
    ],
  };
  const names = Object.keys(cases);
  let turn = 0;
  const { port } = await startRaw(t, (stream) => cases[names[turn] ?? ""]?.[0](stream));
  const { client } = clientOf(t, port);
  for (const name of names) {
    const outcome = await client.echo({ text: "" }, { timeoutMs: withinMs }).catch((error: unknown) => error);
    t.equal(outcome instanceof ConnectError ? outcome.code : 0, cases[name]?.[1], name);
    turn++;
  }
});

t.test("an answer is read whatever pieces it comes in", async (t) => {
  const { port } = await startRaw(t, (stream) => {
    stream.resume();
    stream.respond({ "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    const write = async (): Promise<void> => {
      for (const byte of hej) {
        stream.write(Buffer.from([byte]));
        await new Promise((resolve) => setImmediate(resolve));
      }
      stream.end();
    };
    void write();
  });
  t.equal((await clientOf(t, port).client.echo({ text: "" }, { timeoutMs: withinMs })).text, "hej");
});

t.test(
  "calls wait at the server's limit, leave the queue when they are over, and none is lost",
  async (t) => {
    const waiting: ServerHttp2Stream[] = [];
    let most = 0;
    const { port } = await startRaw(
      t,
      (stream) => {
        waiting.push(stream);
        most = Math.max(most, waiting.filter((it) => !it.closed).length);
      },
      { maxConcurrentStreams: 2 },
    );
    const { client } = clientOf(t, port);
    const calls = Array.from({ length: 6 }, () => client.echo({ text: "" }, { timeoutMs: withinMs }));
    const controller = new AbortController();
    const canceled = failureOf(client.echo({ text: "" }, { signal: controller.signal }));
    const late = failureOf(client.echo({ text: "" }, { timeoutMs: 30 }));
    while (waiting.length < 2) await delay(5);
    controller.abort();
    t.equal((await canceled).code, Code.Canceled);
    t.equal((await late).code, Code.DeadlineExceeded);
    for (let answered = 0; answered < 6; answered++) {
      while (waiting.length <= answered) await delay(5);
      const stream = waiting[answered];
      if (stream !== undefined) answer(stream, hej);
    }
    for (const call of calls) t.equal((await call).text, "hej");
    t.equal(waiting.length, 6, "those that had left were never sent");
    t.equal(most, 2);
  },
);

t.test("a server that goes says which calls it has not looked at; the others may end", async (t) => {
  const streams: ServerHttp2Stream[] = [];
  const { port, sessions } = await startRaw(t, (stream) => {
    streams.push(stream);
    if (streams.length === 2) stream.session?.goaway(http2.constants.NGHTTP2_NO_ERROR, 1);
  });
  const { client } = clientOf(t, port);
  const first = client.echo({ text: "" });
  const second = failureOf(client.echo({ text: "" }));
  t.equal(kindOf(await second), "refused");
  const third = client.echo({ text: "" });
  while (streams.length < 3) await delay(5);
  t.equal(sessions.size, 2, "on a connection of its own");
  for (const stream of [streams[0], streams[2]]) if (stream !== undefined) answer(stream, hej);
  t.equal((await first).text, "hej");
  t.equal((await third).text, "hej");
});

t.test("a call that lost its connection, and one that found none, are told apart", async (t) => {
  const streams: ServerHttp2Stream[] = [];
  const raw = await startRaw(t, (stream) => void streams.push(stream));
  const { client, carrier } = clientOf(t, raw.port);
  const destroyed = failureOf(client.echo({ text: "" }));
  while (streams.length < 1) await delay(5);
  for (const session of raw.sessions) session.socket.destroy();
  t.match(await destroyed, { code: Code.Unavailable });
  t.equal(kindOf(await destroyed), "lost");

  const answering = failureOf(client.echo({ text: "" }));
  while (streams.length < 2) await delay(5);
  streams[1]?.respond({ "content-type": "application/grpc" });
  streams[1]?.write(hej.subarray(0, 3), () => {
    for (const session of raw.sessions) session.socket.destroy();
  });
  t.equal(kindOf(await answering), "lost", "in the midst of the answer, too");

  const reset = failureOf(client.echo({ text: "" }));
  while (streams.length < 3) await delay(5);
  streams[2]?.close(http2.constants.NGHTTP2_REFUSED_STREAM);
  t.equal(kindOf(await reset), "refused");

  const closed = failureOf(client.echo({ text: "" }));
  while (streams.length < 4) await delay(5);
  carrier.close();
  t.not(kindOf(await closed), undefined);
  t.equal(kindOf(await failureOf(client.echo({ text: "" }))), "refused");

  const nobody = clientOf(t, 1).client;
  const unreachable = await failureOf(nobody.echo({ text: "" }));
  t.equal(kindOf(unreachable), "unreachable");
  t.match(unreachable.message, /ECONNREFUSED/);
  t.equal(kindOf(await failureOf(nobody.echo({ text: "" }))), "unreachable", "and again");
});

t.test("a server that speaks something else is unreachable, and no call hangs", async (t) => {
  const server = createServer((socket) => socket.on("error", () => {}).end("SSH-2.0-OpenSSH\r\n"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const { client } = clientOf(t, portOf(server));
  t.equal(kindOf(await failureOf(client.echo({ text: "" }, { timeoutMs: withinMs }))), "unreachable");
});

t.test("a server that takes a connection and says nothing is unreachable in the end", async (t) => {
  const server = createServer((socket) => socket.on("error", () => {}));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const { client } = clientOf(t, portOf(server), { connectMs: 50 });
  t.equal(kindOf(await failureOf(client.echo({ text: "" }, { timeoutMs: withinMs }))), "unreachable");
});

t.test("a server that freezes under a call is noticed by a ping, and called anew (N3)", async (t) => {
  const echo = await startEcho(t);
  const proxy = await startTcpProxy(t, `http://127.0.0.1:${echo.server.port}`);
  const { client } = clientOf(t, Number(new URL(proxy.url).port), { silenceMs: 40, pingMs: 1_000 });
  const waiting = client.echo({ text: "wait" });
  await echo.called(1);
  // Longer than the silence: pings go and come, and nothing happens.
  await delay(200);
  proxy.freeze();
  const frozen = failureOf(client.echo({ text: "hej" }));
  t.equal(kindOf(await failureOf(waiting)), "lost");
  t.equal(kindOf(await frozen), "lost");
  proxy.thaw();
  t.equal((await client.echo({ text: "hej" }, { timeoutMs: withinMs })).text, "hej");
  echo.release();
});

t.test("a connection without calls is closed after a time, and made again for the next (N3)", async (t) => {
  const raw = await startRaw(t, (stream) => answer(stream, hej));
  const { client, carrier } = clientOf(t, raw.port, { silenceMs: 40 });
  await client.echo({ text: "" });
  t.ok(carrier.isUp);
  while (raw.sessions.size > 0) await delay(5);
  t.notOk(carrier.isUp);
  t.equal((await client.echo({ text: "" })).text, "hej");
});

t.test("a reader that is slow holds up the server (M2)", async (t) => {
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
  const { client } = clientOf(t, server.port);
  const controller = new AbortController();
  const answers = client.echoMany({ count: 100_000 }, { signal: controller.signal })[Symbol.asyncIterator]();
  await answers.next();
  let before = -1;
  while (before !== made) {
    before = made;
    await client.echo({ text: "hej" });
    await delay(20);
  }
  t.ok(made < 5_000, `${made} messages of 1 KB were made for one that was read`);
  let read = 1;
  for (; read < 6_000; read++) if ((await answers.next()).done === true) break;
  t.equal(read, 6_000);
  controller.abort();
  t.equal(ConnectError.from(await answers.next().catch((error: unknown) => error)).code, Code.Canceled);
});

t.test("a stream of requests that the server does not want is left", async (t) => {
  const left = Promise.withResolvers<void>();
  const { server } = await startEcho(t, {}, { echoJoined: async () => ({ text: "enough" }) });
  const { client } = clientOf(t, server.port);
  async function* endless() {
    try {
      for (;;) {
        yield { text: "x" };
        await delay(1);
      }
    } finally {
      left.resolve();
    }
  }
  t.equal((await client.echoJoined(endless())).text, "enough");
  await left.promise;
});

t.test("an error of the caller's own stream of requests ends the call, here and at the server", async (t) => {
  const echo = await startEcho(t);
  const { client } = clientOf(t, echo.server.port);
  async function* failing() {
    yield { text: "x" };
    await echo.called(1);
    throw new Error("out of paper");
  }
  const error = await failureOf(client.echoJoined(failing()));
  t.match(error.rawMessage, /out of paper/);
  const signal = echo.contexts[0]?.signal;
  if (signal?.aborted === false) await once(signal, "abort", { signal: AbortSignal.timeout(withinMs) });
});

t.test("headers of all kinds go and come", async (t) => {
  const { server } = await startEcho(
    t,
    {},
    {
      echo({ text }, { requestHeader, responseHeader, responseTrailer }) {
        for (const [name, value] of requestHeader) if (name.startsWith("x-")) responseHeader.set(name, value);
        responseTrailer.set("x-agent", requestHeader.get("user-agent") ?? "");
        return { text };
      },
    },
  );
  const { client } = clientOf(t, server.port);
  const seen: Headers[] = [];
  const headers = new Headers({
    "X-Upper": "1",
    "x-bin": "AAEC",
    "user-agent": "own/1",
    te: "no",
    "grpc-timeout": "9S",
  });
  headers.append("x-twice", "a");
  headers.append("x-twice", "b");
  const onHeader = (header: Headers): void => void seen.push(header);
  await client.echo({ text: "hej" }, { headers, onHeader, onTrailer: onHeader, timeoutMs: 5_000 });
  t.equal(seen[0]?.get("x-upper"), "1");
  t.equal(seen[0]?.get("x-twice"), "a, b");
  t.equal(seen[0]?.get("x-bin"), "AAEC");
  t.equal(seen[1]?.get("x-agent"), "own/1");
  await t.rejects(client.echo({ text: "hej" }, { headers: { "x-bad": "a\nb" } }), { name: "TypeError" });
});

const path = (name: string): string => `/${EchoService.typeName}/${name}`;

async function startGrpcJs(t: Test): Promise<number> {
  const server = new grpc.Server();
  const encode = (schema: typeof EchoResponseSchema) => (init: { text: string }) =>
    Buffer.from(toBinary(schema, create(schema, init)));
  const none = { requestSerialize: () => Buffer.alloc(0), responseDeserialize: () => undefined };
  server.addService(
    {
      echo: {
        ...none,
        path: path("Echo"),
        requestStream: false,
        responseStream: false,
        requestDeserialize: (bytes: Buffer) => fromBinary(EchoRequestSchema, bytes),
        responseSerialize: encode(EchoResponseSchema),
      },
      many: {
        ...none,
        path: path("EchoMany"),
        requestStream: false,
        responseStream: true,
        requestDeserialize: (bytes: Buffer) => fromBinary(EchoManyRequestSchema, bytes),
        responseSerialize: encode(EchoManyResponseSchema as never),
      },
      joined: {
        ...none,
        path: path("EchoJoined"),
        requestStream: true,
        responseStream: false,
        requestDeserialize: (bytes: Buffer) => fromBinary(EchoJoinedRequestSchema, bytes),
        responseSerialize: encode(EchoJoinedResponseSchema as never),
      },
      each: {
        ...none,
        path: path("EchoEach"),
        requestStream: true,
        responseStream: true,
        requestDeserialize: (bytes: Buffer) => fromBinary(EchoEachRequestSchema, bytes),
        responseSerialize: encode(EchoEachResponseSchema as never),
      },
    },
    {
      echo(
        call: grpc.ServerUnaryCall<{ text: string }, { text: string }>,
        reply: grpc.sendUnaryData<{ text: string }>,
      ) {
        const { text } = call.request;
        if (text === "wait") return void call.once("cancelled", () => waits.resolve());
        if (text !== "refuse") return reply(null, { text });
        const metadata = new grpc.Metadata();
        metadata.set("x-why", "test");
        reply({ code: grpc.status.FAILED_PRECONDITION, details: "nicht größer", metadata });
      },
      many(call: grpc.ServerWritableStream<{ text: string; count: number }, { text: string }>) {
        for (let index = 0; index < call.request.count; index++) call.write({ text: call.request.text });
        call.end();
      },
      joined(
        call: grpc.ServerReadableStream<{ text: string }, { text: string }>,
        reply: grpc.sendUnaryData<{ text: string }>,
      ) {
        const texts: string[] = [];
        call.on("data", ({ text }: { text: string }) => texts.push(text));
        call.on("end", () => reply(null, { text: texts.join(" ") }));
      },
      each(call: grpc.ServerDuplexStream<{ text: string }, { text: string }>) {
        call.on("data", ({ text }: { text: string }) => call.write({ text }));
        call.on("end", () => call.end());
      },
    },
  );
  t.teardown(() => server.forceShutdown());
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}

const waits = Promise.withResolvers<void>();

t.test("a server of grpc-js is called by methods of each kind", async (t) => {
  const { client } = clientOf(t, await startGrpcJs(t));
  async function* say() {
    yield { text: "hej" };
    yield { text: "du" };
  }
  t.equal((await client.echo({ text: "hej" }, { timeoutMs: withinMs })).text, "hej");
  t.equal((await client.echo({ text: "x".repeat(90_000) })).text.length, 90_000);
  t.equal((await client.echoJoined(say())).text, "hej du");
  const texts: string[] = [];
  for await (const { text } of client.echoMany({ text: "hej", count: 3 })) texts.push(text);
  for await (const { text } of client.echoEach(say())) texts.push(text);
  t.same(texts, ["hej", "hej", "hej", "hej", "du"]);
  const refusal = await failureOf(client.echo({ text: "refuse" }));
  t.match(refusal, { code: Code.FailedPrecondition, rawMessage: "nicht größer" });
  t.equal(refusal.metadata.get("x-why"), "test");
  t.equal((await failureOf(client.echo({ text: "wait" }, { timeoutMs: 50 }))).code, Code.DeadlineExceeded);
  await waits.promise;
  t.equal((await failureOf(client.echo({ text: "x".repeat(100_001) }))).code, Code.ResourceExhausted);
  t.equal((await failureOf(client.echoOnce({ text: "" }))).code, Code.Unimplemented);
});
