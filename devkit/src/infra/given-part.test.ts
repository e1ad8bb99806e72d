import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import t, { type Test } from "tap";
import { checkGivenPart } from "./given-part.ts";

const check = { signal: new AbortController().signal, timeoutMs: 300 };

async function portOf(t: Test, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket.on("error", () => {})));
  server.listen(0, "127.0.0.1");
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

const saying = (t: Test, words: string): Promise<number> =>
  portOf(
    t,
    createServer((socket) => void socket.write(words)),
  );
const answering = (t: Test, listener: RequestListener): Promise<number> =>
  portOf(t, createHttpServer(listener));

const info = (fields: object): string => `INFO ${JSON.stringify({ jetstream: true, ...fields })}\r\n`;

t.test("checkGivenPart() says so when no Postgres answers (it waited for ever)", async (t) => {
  const ports = [
    await saying(t, ""),
    await saying(t, info({})),
    await answering(t, (_, answer) => answer.end("hi")),
  ];
  for (const port of ports) {
    const given = { url: `postgres://me:secret@127.0.0.1:${port}/db`, variable: "DATABASE_URL" };
    const error: unknown = await checkGivenPart("postgres", given, check).catch((error: unknown) => error);
    t.match(error, {
      name: "InfraError",
      message: `Cannot reach Postgres at postgres://me@127.0.0.1:${port}/db, given by DATABASE_URL: no answer that we understand within 0.3 s`,
    });
    t.notMatch(String(error), /secret/);
  }
});

t.test("checkGivenPart() ends at once when the start is stopped", async (t) => {
  const port = await saying(t, "");
  const stop = new AbortController();
  const reason = new Error("stopped by SIGINT");
  const given = { url: `postgres://127.0.0.1:${port}/db`, variable: "DATABASE_URL" };
  const checked = checkGivenPart("postgres", given, { signal: stop.signal, timeoutMs: 10_000 });
  stop.abort(reason);
  const startedAt = performance.now();
  await t.rejects(checked, reason);
  t.ok(performance.now() - startedAt < 2000);
});

t.test("checkGivenPart() says so when a web server is no Consul", async (t) => {
  const port = await answering(t, (_, answer) => answer.end("<html>"));
  const given = { url: `127.0.0.1:${port}`, variable: "CONSUL_HTTP_ADDR" };
  await t.rejects(checkGivenPart("registry", given, check), {
    message: `Cannot reach registry at http://127.0.0.1:${port}, given by CONSUL_HTTP_ADDR: it does not speak Consul's API`,
  });
});

t.test("checkGivenPart() asks for the user when NATS wants one and NATS_URL has none", async (t) => {
  const port = await saying(t, info({ auth_required: true }));
  const given = (user: string) => ({ url: `nats://${user}127.0.0.1:${port}`, variable: "NATS_URL" });
  await t.rejects(checkGivenPart("nats", given(""), check), { message: /it wants to know who connects/ });
  t.equal(await checkGivenPart("nats", given("me:secret@"), check), `nats://me:secret@127.0.0.1:${port}`);
});
