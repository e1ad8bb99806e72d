// Calls of gRPC, by ours beside grpc-js and Connect: one connection, client and server in two processes, the rounds
// interleaved. Then commands beside a bare echo over the same transport, ours and the stock ones, of one server: the ratio
// says what persistence costs who calls, beside what the call itself does.
//   npm run bench -- --long rpc
//   npm run bench -- rpc -- --profile    where the processor's time of our calls goes, and nothing else
import { fork } from "node:child_process";
import { once } from "node:events";
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import postgres from "postgres";
import { ledgerCallers, type LedgerCaller } from "./ledger-callers.ts";
import { closedLoop, middle, type Load } from "./load.ts";
import { comparePeers, profilePair } from "./rpc-peers.ts";

const { values } = parseArgs({
  options: {
    url: { type: "string", default: process.env["DATABASE_URL"] ?? "" },
    rounds: { type: "string", default: "5" },
    ms: { type: "string", default: "2000" },
    messages: { type: "string", default: "200000" },
    profile: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
const ms = Number(values.ms);
const concurrencies: readonly number[] = [1, 64, 256];

function portOf(message: unknown): number {
  if (typeof message === "object" && message !== null && "port" in message) return Number(message.port);
  throw new Error(`The server said ${JSON.stringify(message)}`);
}

function columns({ perSecond, p50Ms, p99Ms }: Load, width: number): string {
  return perSecond.toFixed(0).padStart(width) + p50Ms.toFixed(2).padStart(8) + p99Ms.toFixed(2).padStart(8);
}

async function compare({ name, commands, echo }: LedgerCaller): Promise<void> {
  await closedLoop(commands, 64, ms / 2);
  await closedLoop(echo, 64, ms / 2);
  console.log(`by ${name}\nin flight  commands/s  p50 ms  p99 ms    echo/s  p50 ms  p99 ms  ratio`);
  for (const inFlight of concurrencies) {
    const loads = { commands: [] as Load[], echo: [] as Load[] };
    for (let round = 0; round < rounds; round++) {
      loads.commands.push(await closedLoop(commands, inFlight, ms));
      loads.echo.push(await closedLoop(echo, inFlight, ms));
    }
    const [ours, bare] = [middle(loads.commands), middle(loads.echo)];
    console.log(
      String(inFlight).padStart(9) +
        columns(ours, 12) +
        columns(bare, 10) +
        (ours.perSecond / bare.perSecond).toFixed(2).padStart(7),
    );
  }
}

async function main(): Promise<void> {
  if (values.profile) return profilePair(ms * rounds);
  await comparePeers({ rounds, ms, messages: Number(values.messages) });
  const registry = await startEmbeddedRegistry();
  const schema = `bench_${randomUUID().replaceAll("-", "")}`;
  const server = fork(new URL("./ledger-server.ts", import.meta.url), [values.url, registry.url, schema], {
    execArgv: ["--conditions=samspel-source"],
  });
  try {
    const [message]: unknown[] = await once(server, "message");
    await using callers = ledgerCallers(portOf(message));
    for (const caller of callers.all) await compare(caller);
  } finally {
    server.disconnect();
    await once(server, "exit");
    await registry.close();
    const sql = postgres(values.url, { max: 1, onnotice: () => {} });
    await sql`drop schema if exists ${sql(schema)} cascade`;
    await sql.end();
  }
}

await main();
