// The stop of a server: what runs may end, what is new is refused (A2, C3).
import { once } from "node:events";
import { connect } from "node:net";
import { Code } from "@connectrpc/connect";
import t from "tap";
import { errorDetail } from "../../../ts-runtime/src/client/index.ts";
import { startEcho } from "./echo-server.ts";
import { failureOf } from "../../support/failure-of.ts";
import { all, http1Client, http2Client } from "./stock-clients.ts";

t.test("drain() lets calls finish, refuses new ones and then closes (A2)", async (t) => {
  const echo = await startEcho(t);
  const overHttp2 = http2Client(echo.server);
  const overHttp1 = http1Client(echo.server);
  const idle = connect(echo.server.port, "127.0.0.1");
  await once(idle, "connect");
  const idleClosed = once(idle, "close");
  const calls = [overHttp2.echo({ text: "wait" }), overHttp1.echo({ text: "wait" })];
  const endless = all(overHttp2.echoMany({ text: "endless", count: 2 }));
  await echo.called(3);

  const drained = echo.server.drain(5_000);
  t.equal((await endless).length, 2, "a stream that heeds drainingSignal() ends by itself");
  t.equal((await failureOf(http2Client(echo.server).echo({ text: "late" }))).code, Code.Unavailable);
  echo.release();
  for (const call of calls) t.equal((await call).text, "wait");
  await drained;
  await idleClosed;
});

t.test("drain() waits for a stream with a deadline, and shortly for one without", async (t) => {
  const gate = Promise.withResolvers<void>();
  const { server } = await startEcho(
    t,
    { streamGraceMs: 20 },
    {
      async *echoMany({ text }) {
        yield { text };
        await gate.promise;
        yield { text };
      },
    },
  );
  const client = http2Client(server);
  const first = Promise.withResolvers<void>();
  const endless = failureOf(
    (async () => {
      for await (const _ of client.echoMany({ text: "hej" })) first.resolve();
    })(),
  );
  const bounded = all(client.echoMany({ text: "hej" }, { timeoutMs: 5_000 }));
  await first.promise;
  const drained = server.drain(5_000);
  t.equal(errorDetail(await endless)?.code, "SAMSPEL_DRAINING");
  gate.resolve();
  t.equal((await bounded).length, 2);
  await drained;
});

t.test("drain() cuts what still runs after the grace period, with SAMSPEL_DRAINING", async (t) => {
  const echo = await startEcho(t);
  const calls = [http2Client(echo.server), http1Client(echo.server)].map((client) =>
    failureOf(client.echo({ text: "wait" })),
  );
  await echo.called(2);
  await echo.server.drain(20);
  for (const call of calls) {
    const error = await call;
    t.equal(error.code, Code.Unavailable);
    t.equal(errorDetail(error)?.code, "SAMSPEL_DRAINING");
  }
});

t.test("a stop fails no call of an HTTP/1.1 connection that is used all the time", async (t) => {
  // On a socket of its own, so that nothing tries again: the next call is sent before it can know of the stop.
  const { server } = await startEcho(t);
  const body = '{"text":"hej"}';
  const call = `POST /samspel.test.v1.EchoService/Echo HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  const socket = connect(server.port, "127.0.0.1").setEncoding("utf8");
  t.teardown(() => socket.destroy());
  let said = "";
  let answers = 0;
  let drained: Promise<void> | undefined;
  socket.on("data", (text: string) => {
    said += text;
    const found = said.split(body).length - 1;
    if (found === answers) return;
    answers = found;
    if (answers === 20) drained = server.drain(5_000);
    if (!/connection: close/i.test(said)) setTimeout(() => socket.write(call), 5);
  });
  socket.write(call);
  await once(socket, "close", { signal: AbortSignal.timeout(5_000) });
  t.match(
    said,
    /connection: close[^{]*\{"text":"hej"\}$/i,
    "the last call was answered, and told of the stop",
  );
  t.ok(answers > 20);
  await drained;
});
