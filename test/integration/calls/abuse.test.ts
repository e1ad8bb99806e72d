// Callers that mean no good, or do none: the server stays up, holds nothing for them and serves the others meanwhile.
import { once } from "node:events";
import http2 from "node:http2";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { Code, ConnectError, createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import t, { type Test } from "tap";
import { createClients } from "../../../ts-runtime/src/client/index.ts";
import { callerAddress, type RpcServer } from "../../../ts-runtime/src/service/index.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { callFields, flags, frame, frameTypes, rawConnection } from "../../support/raw-http2.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { until } from "../../support/until.ts";
import { fixedSource, startEcho } from "./echo-server.ts";

const echoPath = "/samspel.test.v1.EchoService/Echo";
const mib = 2 ** 20;

function clientOf({ port }: RpcServer): Client<typeof EchoService> {
  return createClient(EchoService, createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` }));
}

/** What comes between two calls of somebody else leaves no trace. */
async function besideOthers(t: Test, server: RpcServer, abuse: () => Promise<void>): Promise<void> {
  const other = clientOf(server);
  t.equal((await other.echo({ text: "before" })).text, "before");
  const before = process.memoryUsage().rss;
  const meanwhile = (async () => {
    for (let call = 0; call < 20; call++) await other.echo({ text: "meanwhile" });
  })();
  await abuse();
  await meanwhile;
  t.equal((await other.echo({ text: "after" })).text, "after");
  const grownBy = (process.memoryUsage().rss - before) / mib;
  t.ok(grownBy < 300, `memory has grown by ${grownBy.toFixed(0)} MiB`);
}

t.test("a caller that begins calls and resets them at once is cut off (CVE-2023-44487)", async (t) => {
  const echo = await startEcho(t);
  const headers = callFields(echoPath);
  const cancel = Buffer.from([0, 0, 0, 8]);
  await besideOthers(t, echo.server, async () => {
    const raw = await rawConnection(t, echo.server.port);
    for (let stream = 1; stream < 40_000 && raw.isOpen; stream += 200) {
      const frames: Buffer[] = [];
      for (let id = stream; id < stream + 200; id += 2) {
        frames.push(frame(frameTypes.headers, flags.endHeaders, id, headers));
        frames.push(frame(frameTypes.rstStream, 0, id, cancel));
      }
      await raw.send(...frames);
    }
    await raw.closed;
  });
});

t.test("a caller whose hedged calls are cancelled all the time is not cut off", async (t) => {
  const echo = await startEcho(t);
  const session = http2.connect(`http://127.0.0.1:${echo.server.port}`);
  t.teardown(() => session.destroy());
  let closed = 0;
  for (let call = 0; call < 2_000; call++) {
    const stream = session.request({
      ":method": "POST",
      ":path": echoPath,
      "content-type": "application/grpc",
    });
    stream.on("error", () => {}).once("close", () => (closed += 1));
    stream.close(http2.constants.NGHTTP2_CANCEL);
    if (call % 100 === 0) await once(stream, "close");
  }
  await until("all are closed", () => closed === 2_000);
  t.notOk(session.closed);
  t.notOk(session.destroyed);
});

t.test("a header block that does not end is cut off (CVE-2024-27983)", async (t) => {
  const echo = await startEcho(t);
  await besideOthers(t, echo.server, async () => {
    const raw = await rawConnection(t, echo.server.port);
    await raw.send(frame(frameTypes.headers, 0, 1, callFields(echoPath)));
    for (let sent = 0; sent < 10_000 && raw.isOpen; sent += 100) {
      const one = frame(frameTypes.continuation, 0, 1, callFields("/more"));
      await raw.send(...Array.from({ length: 100 }, () => one));
    }
    await raw.closed;
  });
});

t.test("headers that are too many or too large fail their own call", async (t) => {
  const echo = await startEcho(t, { maxHeaderBytes: 16 * 1024 });
  const session = http2.connect(`http://127.0.0.1:${echo.server.port}`);
  t.teardown(() => session.destroy());
  session.on("error", () => {});
  await once(session, "remoteSettings");
  const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`x-${index}`, "1"]));
  const head = { ":method": "POST", ":path": echoPath, "content-type": "application/grpc" };
  await besideOthers(t, echo.server, async () => {
    for (const headers of [many, { "x-large": "x".repeat(15_000), "x-larger": "x".repeat(15_000) }]) {
      const stream = session.request({ ...head, ...headers });
      stream.on("error", () => {});
      const statuses: unknown[] = [];
      stream.on("response", (fields) => statuses.push(fields[":status"]));
      stream.end();
      await until("the call has ended", () => stream.closed);
      t.notOk(statuses.includes(200), `answered with ${String(statuses)}`);
    }
  });
  t.equal(echo.contexts.length, 22, "none of them came to a handler");
});

for (const [name, one] of Object.entries({
  pings: frame(frameTypes.ping, 0, 0, Buffer.alloc(8)),
  settings: frame(frameTypes.settings, 0, 0),
  "windows of a stream that is not there": frame(frameTypes.windowUpdate, 0, 0, Buffer.from([0, 0, 0, 1])),
  "empty data": frame(frameTypes.data, 0, 1),
})) {
  t.test(`a flood of ${name} whose answers nobody reads leaves no trace`, async (t) => {
    const echo = await startEcho(t);
    await besideOthers(t, echo.server, async () => {
      const raw = await rawConnection(t, echo.server.port);
      raw.socket.pause();
      await raw.send(
        frame(frameTypes.headers, flags.endHeaders, 1, callFields("/samspel.test.v1.EchoService/EchoJoined")),
      );
      const many = Array.from({ length: 1_000 }, () => one);
      for (let sent = 0; sent < 200 && raw.isOpen; sent++) {
        await Promise.race([raw.send(...many), new Promise((resolve) => setTimeout(resolve, 50))]);
      }
      raw.socket.destroy();
    });
  });
}

t.test("a request that does not end is answered at its deadline, over both versions of HTTP", async (t) => {
  const echo = await startEcho(t, { timeoutMs: 200 });
  await besideOthers(t, echo.server, async () => {
    const session = http2.connect(`http://127.0.0.1:${echo.server.port}`);
    t.teardown(() => session.destroy());
    const stream = session.request({
      ":method": "POST",
      ":path": echoPath,
      "content-type": "application/grpc",
    });
    stream.write(Buffer.from([0, 0]));
    const [answer] = await once(stream, "response", { signal: AbortSignal.timeout(10_000) });
    t.equal(Number(answer["grpc-status"]), Code.DeadlineExceeded);
    const socket = connect(echo.server.port, "127.0.0.1");
    t.teardown(() => socket.destroy());
    socket.on("error", () => {}).resume();
    socket.write(
      `POST ${echoPath} HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`,
    );
    await once(socket, "close", { signal: AbortSignal.timeout(10_000) });
  });
  t.equal(echo.contexts.length, 22, "their handlers never ran");
});

t.test("a connection that does not come to its first request is closed", async (t) => {
  const echo = await startEcho(t, { limits: { connections: { beginMs: 200 } } });
  const beginnings: Record<string, Buffer> = {
    "nothing at all": Buffer.alloc(0),
    "half a preface": Buffer.from("PRI * HT"),
    "a preface without settings": Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "headers of HTTP/1.1 that do not end": Buffer.from(`POST ${echoPath} HTTP/1.1\r\nhost: test\r\n`),
  };
  await besideOthers(t, echo.server, async () => {
    await Promise.all(
      Object.entries(beginnings).map(async ([name, bytes]) => {
        const raw = await rawConnection(t, echo.server.port, bytes);
        raw.socket.resume();
        await until(`${name} is closed`, () => !raw.isOpen);
      }),
    );
  });
});

t.test("a peer that has vanished is noticed, and what its calls hold is free (K2)", async (t) => {
  const echo = await startEcho(t, { limits: { connections: { keepAliveMs: 100, keepAliveTimeoutMs: 100 } } });
  const raw = await rawConnection(t, echo.server.port);
  await raw.send(
    frame(frameTypes.settings, flags.ack, 0),
    frame(frameTypes.headers, flags.endHeaders, 1, callFields("/samspel.test.v1.EchoService/EchoJoined")),
  );
  await echo.called(1);
  const { signal } = echo.contexts[0] ?? { signal: AbortSignal.abort() };
  await until("its handler is told", () => signal.aborted);
  await raw.closed;
  t.equal(raw.count(frameTypes.ping), 1);

  const silent = http2.connect(`http://127.0.0.1:${echo.server.port}`);
  t.teardown(() => silent.destroy());
  let pings = 0;
  silent.on("ping", () => (pings += 1));
  silent
    .request({
      ":method": "POST",
      ":path": "/samspel.test.v1.EchoService/EchoJoined",
      "content-type": "application/grpc",
    })
    .on("error", () => {});
  await until("it was asked more often than it may be silent", () => pings >= 4);
  t.equal(echo.contexts[1]?.signal.aborted, false, "who answers pings may be silent");
});

t.test("a connection without calls is told to go, and its client comes back (K3)", async (t) => {
  const echo = await startEcho(t, { limits: { connections: { maxIdleMs: 200 } } });
  const session = http2.connect(`http://127.0.0.1:${echo.server.port}`);
  t.teardown(() => session.destroy());
  const goaways: number[] = [];
  session.on("goaway", (code) => goaways.push(code));
  await once(session, "close", { signal: AbortSignal.timeout(10_000) });
  t.ok(goaways.every((code) => code === http2.constants.NGHTTP2_NO_ERROR));

  const clients = createClients({ registry: fixedSource(echo.target), logger: silentLogger });
  t.teardown(() => clients.close());
  const client = clients.client(EchoService);
  const waiting = client.echoOnce({ text: "wait" });
  await echo.called(1);
  await until("idle connections would be gone", () => session.destroyed);
  echo.release();
  t.equal((await waiting).text, "wait", "a call keeps its connection");
  for (let call = 0; call < 20; call++) {
    t.equal((await client.echoOnce({ text: "hej" })).text, "hej");
    await new Promise((resolve) => setTimeout(resolve, 20 * call));
  }
});

t.test("an old connection is told to go and cut in the end; no call of a client fails (K3)", async (t) => {
  const echo = await startEcho(t, { limits: { connections: { maxAgeMs: 200, maxAgeGraceMs: 300 } } });
  const clients = createClients({ registry: fixedSource(echo.target), logger: silentLogger });
  t.teardown(() => clients.close());
  const client = clients.client(EchoService);
  const ports = new Set<string | undefined>();
  await until("the client has come by three connections", async () => {
    t.equal((await client.echoOnce({ text: "hej" })).text, "hej");
    const context = echo.contexts.at(-1);
    return context !== undefined && ports.add(callerAddress(context)).size >= 3;
  });
  const error = ConnectError.from(
    await (async () => {
      for await (const _ of clientOf(echo.server).echoMany({ text: "endless", count: 1 }));
    })().catch((error: unknown) => error),
  );
  t.not(error.code, Code.Internal, "what runs on is cut after the grace");
});

t.test("there are as many connections as there may be", async (t) => {
  const echo = await startEcho(t, { limits: { connections: { maxConnections: 2 } } });
  const client = clientOf(echo.server);
  await client.echo({ text: "hej" });
  const second = await rawConnection(t, echo.server.port);
  const third = await rawConnection(t, echo.server.port);
  await third.closed;
  t.ok(second.isOpen);
  t.equal((await client.echo({ text: "hej" })).text, "hej");
});

t.test("a compressed request is bounded by what it becomes (Z1)", async (t) => {
  const echo = await startEcho(t);
  const bomb = gzipSync(Buffer.alloc(64 * mib));
  t.ok(bomb.length < 100_000);
  await besideOthers(t, echo.server, async () => {
    const framed = Buffer.concat([Buffer.alloc(5), bomb]);
    framed[0] = 1;
    framed.writeUInt32BE(bomb.length, 1);
    const session = http2.connect(`http://127.0.0.1:${echo.server.port}`);
    t.teardown(() => session.destroy());
    const stream = session.request({
      ":method": "POST",
      ":path": echoPath,
      "content-type": "application/grpc",
      "grpc-encoding": "gzip",
    });
    stream.end(framed);
    const [answer] = await once(stream, "response", { signal: AbortSignal.timeout(10_000) });
    t.equal(Number(answer["grpc-status"]), Code.ResourceExhausted, "gRPC");
    const url = `http://127.0.0.1:${echo.server.port}${echoPath}`;
    const connectAnswer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/proto", "content-encoding": "gzip" },
      body: bomb,
    });
    t.equal(connectAnswer.status, 429, "Connect");
    const web = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/grpc-web+proto", "grpc-encoding": "gzip" },
      body: framed,
    });
    t.match(Buffer.from(await web.arrayBuffer()).toString(), /grpc-status: 8/, "gRPC-Web");
  });
});
