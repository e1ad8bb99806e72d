// Servers that go away in the middle of requests which they never look at.
import { once } from "node:events";
import http2, { type ServerHttp2Stream } from "node:http2";
import { createClient } from "@connectrpc/connect";
import t, { type Test } from "tap";
import { createClients, type Target } from "../../../ts-runtime/src/client/index.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { fixedSource, startEcho } from "./echo-server.ts";

/** Answers the first request of a connection; of the second it says that it has not looked at it. */
async function startLeaving(t: Test, leaves: () => void): Promise<Target> {
  const server = http2.createServer();
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    if (stream.id === 1) return answer(stream);
    leaves();
    stream.session?.goaway(http2.constants.NGHTTP2_NO_ERROR, 1);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const sessions = new Set<http2.Http2Session>();
  server.on("session", (session) => sessions.add(session));
  t.teardown(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  const address = server.address();
  return { address: "127.0.0.1", port: typeof address === "object" ? (address?.port ?? 0) : 0, meta: {} };
}

/** An empty message, and the status OK. */
function answer(stream: ServerHttp2Stream): void {
  stream.respond({ "content-type": "application/grpc+proto" }, { waitForTrailers: true });
  stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(Buffer.alloc(5));
}

async function firstOf(answers: AsyncIterable<{ text: string }>): Promise<string | undefined> {
  for await (const { text } of answers) return text;
  return undefined;
}

type EchoClient = ReturnType<typeof createClient<typeof EchoService>>;

const calls: Record<string, (client: EchoClient) => Promise<string | undefined>> = {
  "a call that may not be repeated": async (client) => (await client.echoOnce({ text: "hej" })).text,
  "a stream, which has no deadline": (client) => firstOf(client.echoMany({ text: "hej", count: 1 })),
};

for (const [name, call] of Object.entries(calls)) {
  t.test(`${name} is made elsewhere when a server goes away without having looked at it (C2)`, async (t) => {
    const echo = await startEcho(t);
    const source = fixedSource();
    const leaving = await startLeaving(t, () => source.set([leaving, echo.target]));
    source.set([leaving]);
    const clients = createClients({ registry: source, logger: silentLogger });
    t.teardown(() => clients.close());
    const client = clients.client(EchoService);
    t.equal((await client.echoOnce({ text: "hej" })).text, "", "the first one is answered");
    t.equal(await call(client), "hej");
    t.equal(echo.contexts.length, 1);
  });
}
