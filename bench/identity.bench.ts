// What identity costs: a call by mTLS beside one in plaintext (the same client and server, one connection, two processes,
// rounds interleaved), a handshake, and the question whether a caller may.
//   npm run bench -- --long identity
import { fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:http2";
import { parseArgs } from "node:util";
import { clientTls, createRegistry, openAuthorizer, openIdentity, type Identity } from "@samspel/registry";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import { createClients } from "@samspel/runtime";
import { EchoLedgerService } from "../test/gen/samspel/test/v1/ledger_pb.ts";
import { memo } from "./ledger.ts";
import { closedLoop, middle, type Load } from "./load.ts";

const { values } = parseArgs({
  options: {
    // The same for all benches; this one needs none.
    url: { type: "string" },
    rounds: { type: "string", default: "5" },
    ms: { type: "string", default: "2000" },
  },
});
const rounds = Number(values.rounds);
const ms = Number(values.ms);

function portOf(message: unknown): number {
  if (typeof message === "object" && message !== null && "port" in message) return Number(message.port);
  throw new Error(`The server said ${JSON.stringify(message)}`);
}

function columns({ perSecond, p50Ms, p99Ms }: Load, width: number): string {
  return perSecond.toFixed(0).padStart(width) + p50Ms.toFixed(2).padStart(8) + p99Ms.toFixed(2).padStart(8);
}

/** TCP, TLS with both certificates verified, and the first settings of HTTP/2. */
async function handshakes(port: number, identity: Identity, howMany: number): Promise<string> {
  const startedAt = performance.now();
  for (let number = 0; number < howMany; number++) {
    const session = connect(`https://127.0.0.1:${port}`, clientTls(identity, "bench-secure"));
    await once(session, "remoteSettings");
    session.destroy();
  }
  return ((performance.now() - startedAt) / howMany).toFixed(2);
}

async function main(): Promise<void> {
  const embedded = await startEmbeddedRegistry();
  const { url } = embedded;
  const servers = ["none", "consul"].map((identity) =>
    fork(new URL("./identity-server.ts", import.meta.url), [url, identity], {
      execArgv: ["--conditions=samspel-source"],
    }),
  );
  const registry = createRegistry({ url });
  try {
    const [plainPort = 0, securePort = 0] = await Promise.all(
      servers.map(async (server) => portOf((await once(server, "message"))[0])),
    );
    const identity = await openIdentity({ registry, service: "bench-client" });
    const at = (port: number, service: string, secure: boolean): Parameters<typeof createClients>[0] => ({
      registry: {
        url,
        watch: () => ({
          current: [{ address: "127.0.0.1", port, service, meta: { secure: String(secure) } }],
          async *[Symbol.asyncIterator]() {},
          [Symbol.dispose]() {},
        }),
      },
      ...(secure ? { identity: { identity, mode: "strict" } } : {}),
    });
    await using plainClients = createClients(at(plainPort, "bench-plain", false));
    await using secureClients = createClients(at(securePort, "bench-secure", true));
    const [plain, secure] = [plainClients.client(EchoLedgerService), secureClients.client(EchoLedgerService)];
    const echo = (client: typeof plain) => (accountId: string) =>
      client.echoDeposit({ accountId, amount: 5n, memo });
    await closedLoop(echo(plain), 64, ms / 2);
    await closedLoop(echo(secure), 64, ms / 2);
    console.log("in flight    mTLS/s  p50 ms  p99 ms   plain/s  p50 ms  p99 ms  ratio");
    for (const inFlight of [1, 64, 256]) {
      const loads = { secure: [] as Load[], plain: [] as Load[] };
      for (let round = 0; round < rounds; round++) {
        loads.secure.push(await closedLoop(echo(secure), inFlight, ms));
        loads.plain.push(await closedLoop(echo(plain), inFlight, ms));
      }
      const [ours, bare] = [middle(loads.secure), middle(loads.plain)];
      console.log(
        String(inFlight).padStart(9) +
          columns(ours, 10) +
          columns(bare, 10) +
          (ours.perSecond / bare.perSecond).toFixed(2).padStart(7),
      );
    }
    await handshakes(securePort, identity, 20);
    console.log(`a connection by mTLS: ${await handshakes(securePort, identity, 200)} ms`);

    using authorizer = await openAuthorizer({ registry, service: "bench-secure" });
    const caller = { uri: identity.spiffeId, service: "bench-client" };
    await authorizer.authorize(caller);
    const looks = 1_000_000;
    const startedAt = performance.now();
    for (let number = 0; number < looks; number++) authorizer.look(caller);
    const nanos = ((performance.now() - startedAt) * 1e6) / looks;
    console.log(`whether a caller may: ${nanos.toFixed(0)} ns a call`);
  } finally {
    for (const server of servers) server.disconnect();
    await Promise.all(servers.map((server) => once(server, "exit")));
    await registry.close();
    await embedded.close();
  }
}

await main();
