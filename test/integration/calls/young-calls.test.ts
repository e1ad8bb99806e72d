// What has ended of a call leaves memory with the next collection of the young generation, at both ends.
import http2 from "node:http2";
import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import t from "tap";
import { createClients } from "../../../ts-runtime/src/client/index.ts";
import { letStreamsGo } from "../../../ts-runtime/src/grpc/index.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { grownOldMiB } from "../../support/generations.ts";
import { fixedSource, startEcho } from "./echo-server.ts";

// As `startService` does.
setFlagsFromString("--no-allocation-site-pretenuring");

t.test("calls that have ended are no burden, however old their connection has grown", async (t) => {
  const { target } = await startEcho(t, {}, { echoOnce: async ({ text }) => ({ text }) });
  await using clients = createClients({ registry: fixedSource(target) });
  const client = clients.client(EchoService);
  const caller = async (): Promise<void> => {
    for (let call = 0; call < 8; call++) await client.echoOnce({ text: "still here?" });
  };
  const call64 = async (): Promise<void> => void (await Promise.all(Array.from({ length: 64 }, caller)));
  for (let round = 0; round < 5; round++) await call64();
  const grownMiB = await grownOldMiB(80, call64);
  t.ok(grownMiB < 60, `of 40,960 calls, ${grownMiB.toFixed(1)} MiB are still there`);
});

t.test("letStreamsGo() knows where this version of Node keeps the streams of a session", async (t) => {
  const server = http2.createServer();
  const greeted = once(server, "session");
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const session = http2.connect(`http://127.0.0.1:${port}`);
  t.ok(letStreamsGo(session));
  const [met] = (await greeted) as [http2.ServerHttp2Session];
  t.ok(letStreamsGo(met));
  session.close();
  await once(session, "close");
  server.close();
  await once(server, "close");
});
