// Callers that leave: by a cancellation, which reaches the handler of each kind of method through whatever attempts were
// made, or by vanishing with their connection. Nothing is left at the server.
import { once } from "node:events";
import http2 from "node:http2";
import { connect, type Socket } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, type Client } from "@connectrpc/connect";
import t, { type Test } from "tap";
import { createClients, type InstanceSource } from "../../../ts-runtime/src/client/index.ts";
import { reject } from "../../../ts-runtime/src/errors/index.ts";
import type { CallPolicy } from "../../../ts-runtime/src/policy/index.ts";
import { EchoManyRequestSchema, EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { policiesWith } from "../../support/policies.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/until.ts";
import { fixedSource, startEcho, type Echo } from "./echo-server.ts";

const longMs = 120_000;

function clientOf(
  t: Test,
  registry: InstanceSource,
  changes: Readonly<Record<string, Partial<CallPolicy>>> = {},
): Client<typeof EchoService> {
  const clients = createClients({ registry, policies: policiesWith(changes), logger: silentLogger });
  t.teardown(() => clients.close());
  return clients.client(EchoService);
}

async function codeOf(call: Promise<unknown>): Promise<Code | undefined> {
  return call.then(
    () => undefined,
    (error: unknown) => ConnectError.from(error).code,
  );
}

async function drained(answers: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of answers);
}

/** Says one thing and then nothing, until its reader ends it. */
async function* hesitating(): AsyncGenerator<{ text: string }> {
  yield { text: "hej" };
  await new Promise(() => {});
}

/** A server whose handlers go on until their callers leave, and the names of those that have ended. */
async function startPatient(t: Test): Promise<Echo & { readonly ended: string[] }> {
  const ended: string[] = [];
  const echo = await startEcho(
    t,
    {},
    {
      async echo(_, context) {
        echo.contexts.push(context);
        try {
          if (!context.signal.aborted) await once(context.signal, "abort");
          return {};
        } finally {
          ended.push(context.method.name);
        }
      },
      async *echoMany({ text }, context) {
        echo.contexts.push(context);
        try {
          yield { text };
          if (!context.signal.aborted) await once(context.signal, "abort");
        } finally {
          ended.push(context.method.name);
        }
      },
      async echoJoined(requests, context) {
        echo.contexts.push(context);
        try {
          for await (const _ of requests);
          return {};
        } finally {
          ended.push(context.method.name);
        }
      },
      async *echoEach(requests, context) {
        echo.contexts.push(context);
        try {
          for await (const { text } of requests) yield { text };
        } finally {
          ended.push(context.method.name);
        }
      },
    },
  );
  return { ...echo, ended };
}

const kinds = ["Echo", "EchoEach", "EchoJoined", "EchoMany"];

t.test("a cancellation reaches the handler of each kind of method", async (t) => {
  const server = await startPatient(t);
  const client = clientOf(t, fixedSource(server.target));
  const controller = new AbortController();
  const { signal } = controller;
  const options = { signal, timeoutMs: longMs };
  const calls = [
    client.echo({ text: "hej" }, options),
    drained(client.echoMany({ text: "hej" }, options)),
    client.echoJoined(hesitating(), options),
    drained(client.echoEach(hesitating(), options)),
  ].map(codeOf);
  await until("all are called", () => server.contexts.length === 4);
  controller.abort();
  t.same(
    await Promise.all(calls),
    calls.map(() => Code.Canceled),
  );
  await until("all handlers have ended", () => server.ended.length === 4);
  t.same(server.ended.toSorted(), kinds);
  t.ok(server.contexts.every(({ signal }) => signal.aborted));
});

t.test(
  "a cancellation reaches the handlers of retries, of hedges, and a call between its attempts",
  async (t) => {
    const [one, two] = await Promise.all([startPatient(t), startPatient(t)]);
    const failing = await startEcho(
      t,
      {},
      {
        echo() {
          throw reject(Code.Unavailable, "not now");
        },
      },
    );
    const source = fixedSource(one.target);
    const hedged = clientOf(t, source, { Echo: { hedge: { maxAttempts: 2, delayMs: 10 } } });
    const ofHedges = new AbortController();
    const both = codeOf(hedged.echo({}, { signal: ofHedges.signal, timeoutMs: longMs }));
    await until("the first has it", () => one.contexts.length === 1);
    source.set([one.target, two.target]);
    await until("the second has it", () => two.contexts.length === 1);
    ofHedges.abort();
    t.equal(await both, Code.Canceled);
    await until("both handlers have ended", () => one.ended.length === 1 && two.ended.length === 1);

    await until("a retry has reached a handler", async () => {
      const retried = clientOf(t, fixedSource(failing.target, two.target));
      const controller = new AbortController();
      const before = two.contexts.length;
      const call = codeOf(retried.echo({}, { signal: controller.signal, timeoutMs: longMs }));
      await until("it has it", () => two.contexts.length > before);
      controller.abort();
      t.equal(await call, Code.Canceled);
      const context = two.contexts.at(-1);
      await until("the handler is told", () => context?.signal.aborted);
      return context?.requestHeader.has("grpc-previous-rpc-attempts");
    });

    const asking = await startEcho(
      t,
      {},
      {
        echo(_, context) {
          asking.contexts.push(context);
          throw reject(Code.Unavailable, "later", { retryAfterMs: longMs });
        },
      },
    );
    const waiting = clientOf(t, fixedSource(asking.target));
    const controller = new AbortController();
    const call = codeOf(waiting.echo({}, { signal: controller.signal, timeoutMs: 2 * longMs }));
    await until("it was refused", () => asking.contexts.length === 1);
    controller.abort();
    t.equal(await call, Code.Canceled);
  },
);

/** Ways of a connection to be gone of which nobody is told by HTTP/2: where to connect, and what ends it. */
const ways: Readonly<Record<string, (t: Test, url: string) => Promise<Way>>> = {
  async "its process dies"(t, url) {
    const proxy = await startTcpProxy(t, url);
    return { url: proxy.url, vanish: () => proxy.cut() };
  },
  "its connection is reset": async (_, url) => ({ url, vanish: (socket) => socket.resetAndDestroy() }),
};

interface Way {
  readonly url: string;
  vanish(this: void, socket: Socket): unknown;
}

for (const [way, prepare] of Object.entries(ways)) {
  t.test(`a client that vanishes in the middle of its calls leaves nothing behind: ${way}`, async (t) => {
    const server = await startPatient(t);
    const { url, vanish } = await prepare(t, `http://127.0.0.1:${server.server.port}`);
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    const session = http2.connect(url, { createConnection: () => socket });
    session.on("error", () => {});
    const message = toBinary(EchoManyRequestSchema, create(EchoManyRequestSchema, { text: "hej" }));
    const frame = Buffer.concat([Buffer.of(0, 0, 0, 0, message.length), message]);
    for (const kind of kinds) {
      const stream = session.request({
        ":method": "POST",
        ":path": `/${EchoService.typeName}/${kind}`,
        "content-type": "application/grpc",
        te: "trailers",
      });
      stream.on("error", () => {}).resume();
      // Of requests that are a stream, one has come, and half of another.
      if (kind === "Echo" || kind === "EchoMany") stream.end(frame);
      else stream.write(Buffer.concat([frame, frame.subarray(0, 6)]));
    }
    await until("all are called", () => server.contexts.length === 4);
    await vanish(socket);
    await until("all handlers have ended", () => server.ended.length === 4);
    t.same(server.ended.toSorted(), kinds);
    t.ok(server.contexts.every(({ signal }) => signal.aborted));
    // A drain waits for whatever is under way.
    const began = performance.now();
    await server.server.drain(longMs);
    t.ok(performance.now() - began < longMs / 2, "nothing was left to wait for");
  });
}
