// What spans cost a service: commands and echoes through gRPC, from one client to four servers that differ in how they
// trace: not at all, and with an SDK that samples none, a tenth and all of what begins. The rounds are interleaved; spans
// go to a process that takes and forgets them. The processor time of the server for a call is what counts, as other work
// on the machine disturbs it less than the rate.
// Then what the runtime does for traces where nobody wants them, alone, as a part of a command's processor time.
//   npm run bench -- --long tracing
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import postgres from "postgres";
import { EchoLedgerService, LedgerService } from "../test/gen/samspel/test/v1/ledger_pb.ts";
import { describeSpan, eventTrace } from "../ts-runtime/src/telemetry/index.ts";
import { memo } from "./ledger.ts";
import { closedLoop, middle, type Load, type Work } from "./load.ts";
import { median } from "./median.ts";

const { values } = parseArgs({
  options: {
    url: { type: "string", default: process.env["DATABASE_URL"] ?? "" },
    rounds: { type: "string", default: "5" },
    ms: { type: "string", default: "2000" },
  },
});
const rounds = Number(values.rounds);
const ms = Number(values.ms);
const inFlight = 64;

/** What the environment of each server says. */
const modes: Readonly<Record<string, Readonly<Record<string, string>> | undefined>> = {
  off: undefined,
  none: { OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" },
  tenth: { OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.1" },
  all: {},
};

async function start(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<[ChildProcess, number]> {
  const child = fork(new URL(file, import.meta.url), args, {
    execArgv: ["--conditions=samspel-source", "--max-semi-space-size=64"],
    env: { ...process.env, ...env },
  });
  const [message]: unknown[] = await once(child, "message");
  if (typeof message === "object" && message !== null && "port" in message)
    return [child, Number(message.port)];
  throw new Error(`${file} said ${JSON.stringify(message)}`);
}

interface Contender {
  readonly server: ChildProcess;
  readonly work: Work;
}

interface Measured extends Load {
  /** Of the server, for one piece of work. */
  readonly serverMicros: number;
}

async function cpuMicrosOf(server: ChildProcess): Promise<number> {
  server.send("cpu");
  const [message]: unknown[] = await once(server, "message");
  const { cpu } = message as { readonly cpu: NodeJS.CpuUsage };
  return cpu.user + cpu.system;
}

async function measure({ server, work }: Contender): Promise<Measured> {
  const before = await cpuMicrosOf(server);
  const startedAtMs = performance.now();
  const load = await closedLoop(work, inFlight, ms);
  const count = (load.perSecond * (performance.now() - startedAtMs)) / 1_000;
  return { ...load, serverMicros: ((await cpuMicrosOf(server)) - before) / count };
}

async function compare(what: string, contenders: ReadonlyMap<string, Contender>): Promise<void> {
  const loads = new Map<string, Measured[]>();
  for (const { work } of contenders.values()) await closedLoop(work, inFlight, ms);
  for (let round = 0; round < rounds; round++) {
    for (const [name, contender] of contenders) {
      loads.set(name, [...(loads.get(name) ?? []), await measure(contender)]);
    }
  }
  console.log(`${what.padEnd(10)}  sampled  per second  p50 ms  p99 ms  server µs  of off`);
  // The least of all rounds: other work on the machine only ever adds to it.
  const leastOf = (name: string): number =>
    Math.min(...(loads.get(name) ?? []).map(({ serverMicros }) => serverMicros));
  for (const [name, own] of loads) {
    const { perSecond, p50Ms, p99Ms } = middle(own);
    const micros = leastOf(name);
    const share = micros / leastOf("off");
    console.log(
      "".padEnd(10) +
        name.padStart(9) +
        perSecond.toFixed(0).padStart(12) +
        p50Ms.toFixed(2).padStart(8) +
        p99Ms.toFixed(2).padStart(8) +
        micros.toFixed(1).padStart(11) +
        share.toFixed(2).padStart(8),
    );
  }
}

/** Nanoseconds of what a command, and of what a call, runs through for traces where nobody wants them. */
function costOff(): void {
  const header = new Headers({ "content-type": "application/grpc", "grpc-timeout": "10000m" });
  const repeats = 1_000_000;
  const nanosOf = (work: () => unknown): number => {
    const figures: number[] = [];
    for (let round = 0; round < 7; round++) {
      const startedAtMs = performance.now();
      for (let turn = 0; turn < repeats; turn++) work();
      figures.push(((performance.now() - startedAtMs) / repeats) * 1e6);
    }
    return median(figures);
  };
  const command = nanosOf(() => eventTrace(header));
  const call = nanosOf(() => describeSpan({ "samspel.instance": "127.0.0.1:1" }));
  console.log(`off, in this process: ${command.toFixed(0)} ns of a command, ${call.toFixed(0)} ns of a call`);
}

async function main(): Promise<void> {
  costOff();
  const registry = await startEmbeddedRegistry();
  const children: ChildProcess[] = [];
  const schemas: string[] = [];
  try {
    const [sink, sinkPort] = await start("./otlp-sink.ts", [], {});
    children.push(sink);
    const commands = new Map<string, Contender>();
    const echoes = new Map<string, Contender>();
    for (const [name, sampler] of Object.entries(modes)) {
      const schema = `bench_${randomUUID().replaceAll("-", "")}`;
      schemas.push(schema);
      const env =
        sampler === undefined
          ? {}
          : { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${sinkPort}`, ...sampler };
      const [server, port] = await start("./ledger-server.ts", [values.url, registry.url, schema], env);
      children.push(server);
      const transport = createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` });
      const ledger = createClient(LedgerService, transport);
      const echo = createClient(EchoLedgerService, transport);
      commands.set(name, { server, work: (accountId) => ledger.deposit({ accountId, amount: 5n, memo }) });
      echoes.set(name, { server, work: (accountId) => echo.echoDeposit({ accountId, amount: 5n, memo }) });
    }
    await compare("commands", commands);
    await compare("echoes", echoes);
  } finally {
    for (const child of children) {
      child.disconnect();
      await once(child, "exit");
    }
    await registry.close();
    const sql = postgres(values.url, { max: 1, onnotice: () => {} });
    for (const schema of schemas) await sql`drop schema if exists ${sql(schema)} cascade`;
    await sql.end();
  }
}

await main();
