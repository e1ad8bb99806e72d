// The edge of a service: deadlines, cancellation, errors, limits.
import { once } from "node:events";
import http2 from "node:http2";
import { connect } from "node:net";
import { promisify } from "node:util";
import { Code } from "@connectrpc/connect";
import t from "tap";
import { errorDetail } from "../../../ts-runtime/src/client/index.ts";
import { bind, startRpcServer } from "../../../ts-runtime/src/service/index.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { frameFlags, frameTypes, headerBlock, http2Frame, preface } from "../../support/http2-bytes.ts";
import { rawCall } from "../../support/raw-grpc.ts";
import { recordingLogger } from "../../support/recording-logger.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { startEcho } from "./echo-server.ts";
import { failureOf } from "../../support/failure-of.ts";
import { all, http1Client, http2Client } from "./stock-clients.ts";

/** Resolves when the handler's signal has aborted, with the reason. */
async function aborted(signal: AbortSignal | undefined): Promise<unknown> {
  if (signal?.aborted === false) await once(signal, "abort", { signal: AbortSignal.timeout(5_000) });
  return signal?.reason;
}

t.test("the server ends a call at its caller's deadline, whatever the handler does", async (t) => {
  const echo = await startEcho(t);
  // Headers, not Connect's timeout: the clients here would not give up by themselves.
  const calls = [
    http2Client(echo.server).echo({ text: "wait" }, { headers: { "grpc-timeout": "50m" } }),
    http1Client(echo.server).echo({ text: "wait" }, { headers: { "connect-timeout-ms": "50" } }),
  ];
  for (const error of await Promise.all(calls.map(failureOf))) t.equal(error.code, Code.DeadlineExceeded);
  for (const context of echo.contexts) {
    t.match(await aborted(context.signal), { code: Code.DeadlineExceeded });
  }
  t.equal(echo.contexts.length, 2);
});

t.test("a unary call without a deadline gets the default one (C1)", async (t) => {
  const echo = await startEcho(t, { timeoutMs: 60 });
  for (const client of [http2Client(echo.server), http1Client(echo.server)]) {
    const error = await failureOf(client.echo({ text: "wait" }, { timeoutMs: 0 }));
    t.equal(error.code, Code.DeadlineExceeded);
  }
  for await (const { text } of http2Client(echo.server).echoMany({ text: "hej", count: 1 }))
    t.equal(text, "hej");
  t.equal(echo.contexts.at(-1)?.timeoutMs(), undefined, "a stream has none unless it is given one");
});

t.test("a caller that cancels aborts the handler's signal", async (t) => {
  const echo = await startEcho(t);
  for (const client of [http2Client(echo.server), http1Client(echo.server)]) {
    const controller = new AbortController();
    const call = failureOf(client.echo({ text: "wait" }, { signal: controller.signal }));
    await echo.called(echo.contexts.length + 1);
    controller.abort();
    t.equal((await call).code, Code.Canceled);
    await aborted(echo.contexts.at(-1)?.signal);
  }
});

t.test("an unknown error becomes Internal without a word, and the log has it whole (C5)", async (t) => {
  const logged: object[] = [];
  const logger = Object.assign(silentLogger.child({}), { error: (fields: object) => logged.push(fields) });
  const echo = await startEcho(t, { logger });
  const client = http2Client(echo.server);
  const unary = await failureOf(client.echo({ text: "fail" }));
  const stream = await failureOf(all(client.echoMany({ text: "fail", count: 1 })));
  for (const error of [unary, stream]) {
    t.equal(error.code, Code.Internal);
    t.equal(error.rawMessage, "internal error");
    t.notMatch(JSON.stringify([...error.metadata]), /secret/);
    t.equal(errorDetail(error), undefined);
  }
  t.match(logged, [
    { method: "samspel.test.v1.EchoService/Echo", err: { message: "a secret of the service" } },
    { method: "samspel.test.v1.EchoService/EchoMany", err: { stack: /echo-server/ } },
  ]);
});

t.test(
  "interceptors wrap each call in order, and what they throw is treated as a handler's errors",
  async (t) => {
    const seen: string[] = [];
    const { server } = await startEcho(t, {
      interceptors: [
        (next) => (request) => {
          seen.push("outer");
          return next(request);
        },
        (next) => (request) => {
          seen.push("inner");
          if (request.header.has("x-fail")) throw new Error("a secret of the interceptor");
          return next(request);
        },
      ],
    });
    const client = http2Client(server);
    t.equal((await client.echo({ text: "hej" })).text, "hej");
    t.same(seen, ["outer", "inner"]);
    const error = await failureOf(client.echo({ text: "hej" }, { headers: { "x-fail": "1" } }));
    t.equal(error.message, "[internal] internal error");
  },
);

t.test("a message above the limit is refused as ResourceExhausted", async (t) => {
  const { server } = await startEcho(t, { maxReceiveBytes: 1_000 });
  for (const client of [http2Client(server), http1Client(server)]) {
    t.equal((await failureOf(client.echo({ text: "x".repeat(2_000) }))).code, Code.ResourceExhausted);
    t.equal((await client.echo({ text: "x".repeat(900) })).text.length, 900);
  }
});

t.test("an answer that comes before the request is read reaches a peer that is still sending", async (t) => {
  const { server } = await startEcho(t, { maxReceiveBytes: 1_000 });
  const session = http2.connect(`http://127.0.0.1:${server.port}`);
  t.teardown(() => session.destroy());
  const stream = session.request({
    ":method": "POST",
    ":path": "/samspel.test.v1.EchoService/EchoJoined",
    "content-type": "application/grpc",
  });
  // Far more than a flow control window: the peer is stuck unless the rest is read.
  const sent = new Promise<void>((resolve) => {
    stream.end(Buffer.alloc(4 * 1024 * 1024, 1), () => resolve());
  });
  stream.resume();
  const [answer] = await once(stream, "response", { signal: AbortSignal.timeout(5_000) });
  t.equal(Number(answer["grpc-status"]), Code.ResourceExhausted);
  await sent;
});

t.test("a peer that ends its request short when it sees headers gets the whole answer", async (t) => {
  const { server } = await startEcho(t, { maxReceiveBytes: 1_000 });
  const session = http2.connect(`http://127.0.0.1:${server.port}`);
  t.teardown(() => session.destroy());
  const stream = session.request({
    ":method": "POST",
    ":path": "/samspel.test.v1.EchoService/EchoOnce",
    "content-type": "application/grpc",
    "content-length": "30000",
  });
  stream.write(Buffer.alloc(20_000, 1));
  let headers = false;
  // As clients in Go do.
  stream.resume().once("response", () => {
    headers = true;
    stream.end();
  });
  await once(session, "connect");
  for (let i = 0; i < 3; i += 1) await promisify(session.ping.bind(session))();
  t.notOk(headers, "the answer waits for what was announced");
  const answered = once(stream, "response", { signal: AbortSignal.timeout(5_000) });
  stream.end(Buffer.alloc(10_000, 1));
  const [answer] = await answered;
  t.equal(Number(answer["grpc-status"]), Code.ResourceExhausted);
});

t.test(
  "over HTTP/1.1 an answer that comes before the request is read leaves the connection whole",
  async (t) => {
    const { server } = await startEcho(t, { maxReceiveBytes: 1_000 });
    const socket = connect(server.port, "127.0.0.1");
    t.teardown(() => socket.destroy());
    const received: string[] = [];
    socket.setEncoding("utf8").on("data", (text: string) => received.push(text));
    const answered = async (count: number): Promise<void> => {
      while (received.join("").split("HTTP/1.1 ").length - 1 < count || !received.join("").endsWith("}"))
        await once(socket, "data", { signal: AbortSignal.timeout(5_000) });
    };
    const call = (length: number, ...more: string[]): string =>
      ["POST /samspel.test.v1.EchoService/Echo HTTP/1.1", "host: test", "content-type: application/json"]
        .concat(`content-length: ${length}`, ...more, "", "")
        .join("\r\n");
    socket.write(call(2_000) + " ".repeat(1_500));
    await answered(1);
    t.match(received.join(""), /^HTTP\/1\.1 429 [^]*resource_exhausted/);
    // The rest and the next call: both would meet a reset if the first had cut the connection.
    socket.write(" ".repeat(500) + call(14, "connection: close") + `{"text":"hej"}`);
    await answered(2);
    t.match(received.join(""), /HTTP\/1\.1 200 OK[^]*{"text":"hej"}$/);
    await once(socket, "end", { signal: AbortSignal.timeout(5_000) });
  },
);

t.test("over HTTP/1.1 a peer that sends on after its answer is cut off in the end", async (t) => {
  const { server } = await startEcho(t, { maxReceiveBytes: 1_000 });
  const socket = connect(server.port, "127.0.0.1");
  t.teardown(() => socket.destroy());
  socket.resume().on("error", () => {});
  const closed = once(socket, "close", { signal: AbortSignal.timeout(5_000) });
  socket.write(
    "POST /samspel.test.v1.EchoService/Echo HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n" +
      `content-length: 1000000\r\n\r\n${" ".repeat(2_000)}`,
  );
  await closed;
});

t.test("a peer that stops within its first bytes holds up nobody, and may go on", async (t) => {
  const { server } = await startEcho(t);
  const slow = connect(server.port, "127.0.0.1").setEncoding("utf8");
  t.teardown(() => slow.destroy());
  slow.write("P");
  t.equal((await http2Client(server).echo({ text: "hej" }, { timeoutMs: 2_000 })).text, "hej");
  slow.write("OST /samspel.test.v1.EchoService/Echo HTTP/1.1\r\nhost: test\r\nconnection: close\r\n");
  slow.write('content-type: application/json\r\ncontent-length: 14\r\n\r\n{"text":"hej"}');
  const [answer] = await once(slow, "data", { signal: AbortSignal.timeout(5_000) });
  t.match(answer, /^HTTP\/1\.1 200 OK/);
});

t.test(
  "a connection has a bounded number of calls at a time; more of them wait for their turn",
  async (t) => {
    // All of them wait longer than a call's deadline where the machine is busy.
    const patienceMs = 60_000;
    // So many in one process would be too many for it.
    const echo = await startEcho(t, { timeoutMs: patienceMs, limits: { concurrency: false } });
    const session = http2.connect(`http://127.0.0.1:${echo.server.port}`);
    t.teardown(() => session.destroy());
    await once(session, "remoteSettings");
    t.equal(session.remoteSettings.maxConcurrentStreams, 2_048);
    const client = http2Client(echo.server);
    const calls = Array.from({ length: 2_500 }, () => client.echo({ text: "wait" }));
    await echo.called(2_048, patienceMs);
    echo.release();
    await Promise.all(calls);
  },
);

t.test(
  "startRpcServer() refuses a port in use, a service bound twice, and a deadline of nothing",
  async (t) => {
    const { server } = await startEcho(t);
    await t.rejects(startRpcServer({ port: server.port, bindings: [], logger: silentLogger }), {
      code: "SAMSPEL_INVALID_CONFIGURATION",
      message: new RegExp(`127\\.0\\.0\\.1:${server.port} as the port is in use: set SAMSPEL_PORT`),
    });
    const binding = bind(EchoService, {} as Parameters<typeof bind<typeof EchoService>>[1]);
    await t.rejects(startRpcServer({ bindings: [binding, binding], logger: silentLogger }), {
      name: "TypeError",
      message: /samspel\.test\.v1\.EchoService as it is bound twice/,
    });
    await t.rejects(startRpcServer({ bindings: [], logger: silentLogger, timeoutMs: 0 }), {
      name: "RangeError",
      message: "Cannot use timeoutMs as it must be from 1 to 99999999: current value is 0",
    });
  },
);

t.test(
  "a request that is cut behind one that was refused ends its connection, and not the process (L4)",
  async (t) => {
    const { server } = await startEcho(t);
    const post = (method: string, headers: string, length: number, body: string): string =>
      `POST /samspel.test.v1.EchoService/${method} HTTP/1.1\r\nhost: test\r\n${headers}\r\ncontent-length: ${length}\r\n\r\n${body}`;
    const refused = post("EchoOnce", "content-type: application/proto\r\ncontent-encoding: gzip", 2, "no");
    for (const headers of [
      "content-type: application/json",
      "content-type: application/connect+json",
      "content-type: application/grpc-web",
    ]) {
      const socket = connect(server.port, "127.0.0.1");
      socket.resume().end(refused + post("EchoMany", headers, 13, "cut"));
      await once(socket, "close");
    }
    t.equal((await http1Client(server).echo({ text: "hej" })).text, "hej");
  },
);

t.test("what callers send wrongly is their error in every protocol, and no line in the log", async (t) => {
  const { logger, lines } = recordingLogger();
  const echo = await startEcho(t, { logger });
  const baseUrl = `http://127.0.0.1:${echo.server.port}`;
  const session = http2.connect(baseUrl);
  t.teardown(() => session.destroy());
  const broken = Buffer.from([0, 0, 0, 0, 2, 0xff, 0xff]);
  for (const type of ["application/grpc", "application/grpc-web", "application/connect+proto"]) {
    for (const method of ["EchoJoined", "EchoEach"]) {
      const before = echo.contexts.length;
      await rawCall(session, {
        path: `/samspel.test.v1.EchoService/${method}`,
        headers: { "content-type": type },
        chunks: [broken],
      });
      t.equal(echo.contexts.length, before + 1, `${type}: its handler has read it`);
    }
  }
  t.same(lines, []);
  const raising = http2Client(echo.server).echo({ text: "fail" });
  t.equal((await failureOf(raising)).code, Code.Internal);
  t.equal(lines.length, 1, "but the handler's own are");
});

t.test("a caller whose process has died is noticed, though nothing is said to it", async (t) => {
  const echo = await startEcho(t);
  const socket = connect(echo.server.port, "127.0.0.1");
  t.teardown(() => socket.destroy());
  const { settings, headers } = frameTypes;
  const head = headerBlock([
    [":method", "POST"],
    [":scheme", "http"],
    [":authority", "test"],
    [":path", "/samspel.test.v1.EchoService/EchoEach"],
    ["content-type", "application/grpc"],
  ]);
  socket.resume().write(preface);
  socket.write(http2Frame(settings, 0, 0, Buffer.alloc(0)));
  socket.write(http2Frame(headers, frameFlags.endHeaders, 1, head));
  await echo.called(1);
  // As the system does for it.
  socket.end();
  t.match(await aborted(echo.contexts[0]?.signal), { code: Code.Canceled });
});
