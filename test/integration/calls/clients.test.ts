// Clients over the registry: balancing, deadlines, retries, and instances that come, go and die.
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import http2 from "node:http2";
import { Code } from "@connectrpc/connect";
import t, { type Test } from "tap";
import {
  createClients,
  errorDetail,
  type Clients,
  type InstanceSource,
} from "../../../ts-runtime/src/client/index.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { fixedSource, startEcho } from "./echo-server.ts";
import { failureOf } from "../../support/failure-of.ts";

function clientsOf(t: Test, registry: InstanceSource, timeoutMs = 5_000): Clients {
  const clients = createClients({ registry, timeoutMs, logger: silentLogger });
  t.teardown(() => clients.close());
  return clients;
}

async function* say(...texts: string[]): AsyncGenerator<{ text: string }> {
  for (const text of texts) yield { text };
}

async function all(answers: AsyncIterable<{ text: string }>): Promise<string[]> {
  const texts: string[] = [];
  for await (const { text } of answers) texts.push(text);
  return texts;
}

/** A port on which nobody listens. */
async function deadPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

t.test("client() calls all four kinds of method on a live instance", async (t) => {
  const echo = await startEcho(t);
  const client = clientsOf(t, fixedSource(echo.target)).client(EchoService);
  t.equal((await client.echo({ text: "hej" })).text, "hej");
  t.same(await all(client.echoMany({ text: "hej", count: 2 })), ["hej", "hej"]);
  t.equal((await client.echoJoined(say("hej", "du"))).text, "hej du");
  t.same(await all(client.echoEach(say("hej", "du"))), ["hej", "du"]);
  const refusal = await failureOf(client.echo({ text: "refuse" }));
  t.match(errorDetail(refusal), { code: "SAMSPEL_REJECTED", metadata: { why: "test" } });
});

t.test("client() spreads calls over instances by calls in flight", async (t) => {
  const echoes = await Promise.all([startEcho(t), startEcho(t), startEcho(t)]);
  const client = clientsOf(t, fixedSource(...echoes.map((echo) => echo.target))).client(EchoService);
  const calls = Array.from({ length: 60 }, () => client.echo({ text: "wait" }));
  await Promise.all(echoes.map((echo) => echo.called(17)));
  for (const echo of echoes) echo.release();
  await Promise.all(calls);
});

t.test("client() waits for a first instance", async (t) => {
  const source = fixedSource();
  const call = clientsOf(t, source).client(EchoService).echo({ text: "hej" });
  const echo = await startEcho(t);
  source.set([echo.target]);
  t.equal((await call).text, "hej");
});

t.test("client() fails with SAMSPEL_NO_INSTANCE when none comes in time", async (t) => {
  const client = clientsOf(t, fixedSource(), 50).client(EchoService);
  const error = await failureOf(client.echo({ text: "hej" }));
  t.equal(error.code, Code.Unavailable);
  t.match(errorDetail(error), { code: "SAMSPEL_NO_INSTANCE", retryable: true });
  t.match(
    error.rawMessage,
    /samspel\.test\.v1\.EchoService is in the registry at http:\/\/registry\.test:8500/,
  );
  t.equal((await failureOf(all(client.echoMany({ text: "hej", count: 1 })))).code, Code.Unavailable);
});

t.test("client() sets a deadline that travels, and says when it is over (C1)", async (t) => {
  const echo = await startEcho(t);
  const client = clientsOf(t, fixedSource(echo.target), 80).client(EchoService);
  const error = await failureOf(client.echo({ text: "wait" }));
  t.equal(error.code, Code.DeadlineExceeded);
  t.match(errorDetail(error), { code: "SAMSPEL_DEADLINE_EXCEEDED" });
  t.match(echo.contexts[0]?.requestHeader.get("grpc-timeout"), /^\d\dm$/);
  await client.echo({ text: "hej" }, { timeoutMs: 0 });
  t.equal(
    echo.contexts[1]?.requestHeader.get("grpc-timeout"),
    "10000m",
    "0 leaves it to the server's default",
  );
});

t.test("within() passes on what is left of the deadline, the end and the trace", async (t) => {
  const inner = await startEcho(t);
  const clients = clientsOf(t, fixedSource(inner.target));
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const outer = await startEcho(
    t,
    {},
    {
      echo: ({ text }, context) => clients.within(context).client(EchoService).echo({ text }),
    },
  );
  const client = clientsOf(t, fixedSource(outer.target)).client(EchoService);

  await client.echo({ text: "hej" }, { timeoutMs: 700, headers: { traceparent } });
  const header = inner.contexts[0]?.requestHeader;
  t.ok(Number.parseInt(header?.get("grpc-timeout") ?? "", 10) <= 700);
  t.equal(header?.get("traceparent"), traceparent);

  const controller = new AbortController();
  const canceled = failureOf(client.echo({ text: "wait" }, { signal: controller.signal }));
  await inner.called(2);
  controller.abort();
  t.equal((await canceled).code, Code.Canceled);
  const signal = inner.contexts[1]?.signal;
  if (signal?.aborted === false) await once(signal, "abort", { signal: AbortSignal.timeout(5_000) });
  t.equal((await failureOf(client.echo({ text: "wait" }, { timeoutMs: 60 }))).code, Code.DeadlineExceeded);
});

t.test("a call that cannot reach one instance goes to another, whatever its method (C2)", async (t) => {
  const echo = await startEcho(t);
  const dead = { address: "127.0.0.1", port: await deadPort(), meta: {} };
  const client = clientsOf(t, fixedSource(echo.target, dead)).client(EchoService);
  for (let i = 0; i < 10; i += 1) t.equal((await client.echoOnce({ text: "hej" })).text, "hej");
  for (let i = 0; i < 10; i += 1) t.equal((await client.echoJoined(say("hej", "du"))).text, "hej du");
  t.equal(echo.contexts.length, 20);
});

t.test("a call that no instance takes fails with Unavailable after three attempts", async (t) => {
  const dead = { address: "127.0.0.1", port: await deadPort(), meta: {} };
  const error = await failureOf(clientsOf(t, fixedSource(dead)).client(EchoService).echo({ text: "hej" }));
  t.equal(error.code, Code.Unavailable);
  t.match(errorDetail(error), {
    code: "SAMSPEL_INSTANCE_UNREACHABLE",
    retryable: true,
    metadata: { instance: `127.0.0.1:${dead.port}` },
  });
  t.match(
    error.rawMessage,
    new RegExp(`Cannot reach 127\\.0\\.0\\.1:${dead.port} for samspel.test.v1.EchoService/Echo`),
  );
});

/** An instance that takes a call and then dies in a given way, `deaths` times; after that it echoes. */
async function startDying(t: Test, die: (stream: http2.ServerHttp2Stream, socket: Socket) => void) {
  const calls: string[] = [];
  const server = http2.createServer();
  server.on("stream", (stream, headers) => {
    calls.push(headers[":path"] ?? "");
    const socket = stream.session?.socket;
    stream.on("error", () => {});
    stream.resume();
    // The handler has begun: the request is read to its end.
    stream.once("end", () => die(stream, sockets.values().next().value ?? (socket as Socket)));
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).once("close", () => sockets.delete(socket));
  });
  server.on("sessionError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { calls, target: { address: "127.0.0.1", port, meta: {} } };
}

const deaths: Record<string, (stream: http2.ServerHttp2Stream, socket: Socket) => void> = {
  "its session is destroyed": (stream) => stream.session?.destroy(),
  "its socket is destroyed": (_, socket) => socket.destroy(),
  "its connection is reset": (_, socket) => socket.resetAndDestroy(),
};

for (const [name, die] of Object.entries(deaths)) {
  t.test(`an instance dies, ${name}: only a safe method is sent again (C2)`, async (t) => {
    const dying = await startDying(t, die);
    const echo = await startEcho(t);
    const source = fixedSource(dying.target);
    const client = clientsOf(t, source).client(EchoService);

    const once = await failureOf(client.echoOnce({ text: "hej" }));
    t.equal(once.code, Code.Unavailable, once.message);
    t.match(once.rawMessage, /Lost the connection to/);
    t.match(errorDetail(once), { code: "SAMSPEL_CONNECTION_LOST", retryable: true });
    t.equal(dying.calls.length, 1, "it was not sent again");

    const failed = await failureOf(client.echo({ text: "hej" }));
    t.equal(failed.code, Code.Unavailable, failed.message);
    t.equal(dying.calls.length, 4, "it was sent three times");

    source.set([dying.target, echo.target]);
    for (let i = 0; i < 6; i += 1) t.equal((await client.echo({ text: "hej" })).text, "hej");
  });
}

t.test("a burst at a server that takes few streams at a time loses nothing", async (t) => {
  const calls: string[] = [];
  const server = http2.createServer({ settings: { maxConcurrentStreams: 5 } });
  server.on("stream", (stream, headers) => {
    calls.push(headers[":path"] ?? "");
    stream.resume();
    stream.once("end", () => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(Buffer.from([0, 0, 0, 0, 0]));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const clients = clientsOf(t, fixedSource({ address: "127.0.0.1", port, meta: {} }));
  const client = clients.client(EchoService);
  await Promise.all(Array.from({ length: 40 }, () => client.echoOnce({ text: "" })));
  t.equal(calls.length, 40);
  await clients.close();
});

t.test("an instance that leaves gets no new call, and its calls in flight finish (C3)", async (t) => {
  const [leaving, staying] = await Promise.all([startEcho(t), startEcho(t)]);
  const source = fixedSource(leaving.target);
  const client = clientsOf(t, source).client(EchoService);
  const inFlight = client.echo({ text: "wait" });
  await leaving.called(1);
  source.set([staying.target]);
  for (let i = 0; i < 8; i += 1) await client.echo({ text: "hej" });
  t.equal(leaving.contexts.length, 1);
  const drained = leaving.server.drain(5_000);
  leaving.release();
  t.equal((await inFlight).text, "wait");
  await drained;
});

t.test("a rolling restart loses no call", async (t) => {
  const echoes = await Promise.all([startEcho(t), startEcho(t)]);
  const source = fixedSource(...echoes.map((echo) => echo.target));
  const client = clientsOf(t, source).client(EchoService);
  const over = new AbortController();
  let calls = 0;
  const load = Array.from({ length: 8 }, async () => {
    for (; !over.signal.aborted; calls += 1) await client.echoOnce({ text: "hej" });
  });
  for (const old of echoes) {
    const next = await startEcho(t);
    source.set([next.target, ...source.watch("").current.filter((target) => target !== old.target)]);
    await old.server.drain(5_000);
    await next.called(20);
  }
  over.abort();
  await Promise.all(load);
  t.ok(calls > 40);
});

t.test("interceptors see a call once, however often it is retried", async (t) => {
  const echo = await startEcho(t);
  const dead = { address: "127.0.0.1", port: await deadPort(), meta: {} };
  const seen: string[] = [];
  const clients = createClients({
    registry: fixedSource(dead, echo.target),
    interceptors: [
      (next) => (request) => {
        seen.push(`all ${request.method.name}`);
        request.header.set("x-all", "1");
        return next(request);
      },
    ],
  });
  t.teardown(() => clients.close());
  const client = clients.client(EchoService, {
    interceptors: [
      (next) => (request) => {
        seen.push(`one ${request.method.name}`);
        return next(request).then((response) => ({ ...response }));
      },
    ],
  });
  const onHeader = (header: Headers): void =>
    void t.equal(header.get("content-type"), "application/grpc+proto");
  for (let i = 0; i < 4; i += 1) t.equal((await client.echo({ text: "hej" }, { onHeader })).text, "hej");
  t.same(seen, Array.from({ length: 4 }, () => ["one Echo", "all Echo"]).flat());
  t.ok(echo.contexts.every((context) => context.requestHeader.get("x-all") === "1"));
  t.same(await all(client.echoMany({ text: "hej", count: 1 })), ["hej"]);
});

void t.test("a reader that leaves a stream ends its call, here and at the peer", async (t) => {
  const echo = await startEcho(t);
  const clients = clientsOf(t, fixedSource(echo.target));
  const outer = new AbortController();
  const client = clients.client(EchoService);
  const streams = [
    () => client.echoMany({ text: "endless", count: 2 }),
    () => client.echoMany({ text: "endless", count: 2 }, { signal: outer.signal }),
    () =>
      client.echoEach(
        (async function* () {
          yield { text: "hej" };
          await new Promise(() => {});
        })(),
      ),
  ];
  for (const [index, stream] of streams.entries()) {
    for await (const { text } of stream()) {
      t.ok(text);
      break;
    }
    const signal = echo.contexts[index]?.signal;
    if (signal?.aborted === false) await once(signal, "abort", { signal: AbortSignal.timeout(5_000) });
    t.ok(signal?.aborted);
  }
  t.notOk(outer.signal.aborted);
  t.equal((await client.echo({ text: "hej" })).text, "hej", "the connection stays good");
});

void t.test(
  "a stream that fails before anybody reads it harms nobody, and its reader sees why",
  async (t) => {
    const stream = clientsOf(t, fixedSource(), 20).client(EchoService).echoMany({ text: "hej", count: 1 });
    // An unhandled rejection in this time would fail the test.
    await new Promise((resolve) => setTimeout(resolve, 60));
    t.match(errorDetail(await failureOf(all(stream))), { code: "SAMSPEL_NO_INSTANCE" });
  },
);
