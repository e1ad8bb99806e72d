// Instances that die without pause, in the middle of calls, streams and handshakes, while the registry learns of it a little
// later: each call ends, with an answer or with an error, and none of them ends the process.
import { once } from "node:events";
import http2, { type Http2Session } from "node:http2";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { ConnectError } from "@connectrpc/connect";
import { createRegistry, type Registry } from "@samspel/registry";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import t from "tap";
import { createClients } from "../../../ts-runtime/src/client/index.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";

const forMs = 8_000;
const settledWithinMs = 20_000;
const callers = 8;

interface Mortal {
  /** Cuts all connections; the registry is told right after, or just before. */
  die(how: "destroyed" | "cut"): Promise<void>;
}

const echo = connectNodeAdapter({
  routes: (router) => {
    router.service(EchoService, {
      echo: ({ text }) => ({ text }),
      async *echoMany({ text, count }) {
        for (let i = 0; i < count; i += 1) yield { text };
      },
    });
  },
});

async function startMortal(registry: Registry): Promise<Mortal> {
  const server = http2.createServer(echo);
  const sessions = new Set<Http2Session>();
  server.on("sessionError", () => {});
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => {}).once("close", () => sessions.delete(session));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const handle = await registry.register({
    name: "mortal",
    address: "127.0.0.1",
    port: typeof address === "object" ? (address?.port ?? 0) : 0,
    protoServices: [EchoService.typeName],
    check: { type: "ttl", ttlMs: 60_000 },
  });
  return {
    async die(how) {
      if (how === "cut") await handle.deregister();
      for (const session of sessions) {
        if (how === "destroyed") session.destroy();
        else session.socket.destroy();
      }
      server.close();
      await handle.deregister();
    },
  };
}

t.test("every call ends while instances die all the time (C1)", { timeout: 120_000 }, async (t) => {
  const embedded = await startEmbeddedRegistry({ port: 0 });
  const registry = createRegistry({ url: embedded.url });
  const clients = createClients({ registry, timeoutMs: 5_000 });
  const client = clients.client(EchoService);
  const endMs = performance.now() + forMs;
  const outcomes = { answered: 0, failed: 0 };

  const call = async (): Promise<void> => {
    for (let turn = 0; performance.now() < endMs; turn++) {
      try {
        if (turn % 2 === 0) await client.echo({ text: "hej" });
        else for await (const _ of client.echoMany({ text: "hej", count: 3 })) continue;
        outcomes.answered++;
      } catch (error) {
        if (!(error instanceof ConnectError)) throw error;
        outcomes.failed++;
        // What fails at once leaves the others time.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  };
  let alive: readonly Mortal[] = [];
  const kill = async (): Promise<void> => {
    for (let turn = 0; performance.now() < endMs; turn++) {
      const [oldest, ...others] = [...alive, await startMortal(registry)];
      alive = others.length < 2 && oldest !== undefined ? [oldest, ...others] : others;
      if (alive === others) await oldest?.die(turn % 2 === 0 ? "destroyed" : "cut");
    }
  };
  t.teardown(async () => {
    await Promise.all(alive.map((mortal) => mortal.die("cut")));
    await clients.close();
    await registry.close();
    await embedded.close();
  });
  const all = Promise.all([kill(), ...Array.from({ length: callers }, call)]).then(() => "all have ended");
  const tooLate = new Promise<string>((resolve) => {
    setTimeout(() => resolve("some go on"), forMs + settledWithinMs).unref();
  });
  t.equal(await Promise.race([all, tooLate]), "all have ended", JSON.stringify(outcomes));
  t.ok(outcomes.answered > 10, JSON.stringify(outcomes));
});
