// A server that is asked for five times of what it can do, beside its best, with the adaptive limit and without; then ten
// thousand streams that idle: what each costs, and what a call beside them takes. The server has a process of its own.
//   npm run bench -- --long overload
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Client } from "@connectrpc/connect";
import { EchoService } from "../test/gen/samspel/test/v1/echo_pb.ts";
import { createClients } from "../ts-runtime/src/client/index.ts";
import { closedLoop } from "./load.ts";
import { median } from "./median.ts";
import { oneInstance } from "./one-instance.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    ms: { type: "string", default: "5000" },
    streams: { type: "string", default: "10000" },
    deadline: { type: "string", default: "250" },
  },
});
const rounds = Number(values.rounds);
const ms = Number(values.ms);
const streams = Number(values.streams);
const deadlineMs = Number(values.deadline);
const streamsOfConnection = 1_000;

type Echo = Client<typeof EchoService>;

interface Server extends AsyncDisposable {
  connect(): { readonly echo: Echo } & AsyncDisposable;
  memory(): Promise<{ rss: number; heapUsed: number; external: number }>;
}

async function startServer(...args: string[]): Promise<Server> {
  const child: ChildProcess = fork(join(import.meta.dirname, "overload-server.ts"), args, {
    execArgv: [...process.execArgv, "--expose-gc"],
  });
  const [message] = await once(child, "message");
  const port = Number(message.port);
  return {
    connect() {
      const clients = createClients({ registry: oneInstance(port) });
      return { echo: clients.client(EchoService), [Symbol.asyncDispose]: () => clients.close() };
    },
    async memory() {
      child.send("memory");
      const [memory] = await once(child, "message");
      return memory;
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await once(child, "exit");
    },
  };
}

interface Figures {
  readonly perSecond: number;
  readonly p99Ms: number;
  readonly refusedPerSecond: number;
}

/** So many calls a second begin, whatever becomes of them. */
async function offer(echo: Echo, perSecond: number, forMs: number): Promise<Figures> {
  const latencies: number[] = [];
  let refused = 0;
  const calls: Promise<void>[] = [];
  const startMs = performance.now();
  for (let begun = 0; performance.now() - startMs < forMs;) {
    const due = Math.floor(((performance.now() - startMs) * perSecond) / 1_000);
    for (; begun < due; begun++) {
      const sentMs = performance.now();
      calls.push(
        echo.echo({ text: "hej" }, { timeoutMs: deadlineMs }).then(
          () => void latencies.push(performance.now() - sentMs),
          () => void (refused += 1),
        ),
      );
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(calls);
  const sorted = latencies.toSorted((a, b) => a - b);
  const seconds = (performance.now() - startMs) / 1_000;
  return {
    perSecond: latencies.length / seconds,
    p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
    refusedPerSecond: refused / seconds,
  };
}

async function compare(handler: string, unlimited: boolean): Promise<void> {
  const best: number[] = [];
  const loaded: Figures[] = [];
  for (let round = 0; round < rounds; round++) {
    await using server = await startServer(`--handler=${handler}`, ...(unlimited ? ["--unlimited"] : []));
    await using client = server.connect();
    const { echo } = client;
    await closedLoop(() => echo.echo({ text: "hej" }), 10, ms / 5);
    const { perSecond } = await closedLoop(() => echo.echo({ text: "hej" }), 16, ms / 2);
    best.push(perSecond);
    // What it does about it takes it a while; what it does then is the figure.
    await offer(echo, perSecond * 5, ms / 2);
    loaded.push(await offer(echo, perSecond * 5, ms));
  }
  const middle = (of: (figures: Figures) => number): number => median(loaded.map(of));
  const ratio = median(loaded.map(({ perSecond }, round) => perSecond / (best[round] ?? Infinity)));
  console.log(
    `${handler.padEnd(10)}${(unlimited ? "none" : "adaptive").padEnd(10)}` +
      median(best).toFixed(0).padStart(8) +
      middle(({ perSecond }) => perSecond)
        .toFixed(0)
        .padStart(10) +
      ratio.toFixed(2).padStart(7) +
      middle(({ p99Ms }) => p99Ms)
        .toFixed(1)
        .padStart(9) +
      middle(({ refusedPerSecond }) => refusedPerSecond)
        .toFixed(0)
        .padStart(11),
  );
}

async function idleStreams(): Promise<void> {
  await using server = await startServer("--handler=pool");
  await using client = server.connect();
  const call = (): Promise<unknown> => client.echo.echoOnce({ text: "hej" });
  await closedLoop(call, 8, ms / 5);
  const before = await server.memory();
  const alone = await closedLoop(call, 8, ms / 2);
  await using idle = new AsyncDisposableStack();
  for (let open = 0; open < streams;) {
    const { echo } = idle.use(server.connect());
    const batch = Math.min(streamsOfConnection, streams - open);
    for (let opened = 0; opened < batch; opened += 100) {
      await Promise.all(
        Array.from({ length: Math.min(100, batch - opened) }, () =>
          echo.echoMany({ text: "hej", count: 1 }, { timeoutMs: 0 })[Symbol.asyncIterator]().next(),
        ),
      );
    }
    open += batch;
  }
  const after = await server.memory();
  const beside = await closedLoop(call, 8, ms / 2);
  const heapKib = (after.heapUsed + after.external - before.heapUsed - before.external) / 1_024;
  console.log(
    `\n${streams} streams that idle: ${(heapKib / streams).toFixed(1)} KiB of heap each, ` +
      `${((after.rss - before.rss) / 1_024 / streams).toFixed(1)} KiB of memory in all\n` +
      `calls alone ${alone.perSecond.toFixed(0)}/s, p99 ${alone.p99Ms.toFixed(2)} ms; beside them ` +
      `${beside.perSecond.toFixed(0)}/s, p99 ${beside.p99Ms.toFixed(2)} ms`,
  );
}

console.log("handler   limit     best/s  at 5×/s  ratio  p99 ms  refused/s");
for (const handler of ["pool", "processor"]) {
  await compare(handler, true);
  await compare(handler, false);
}
await idleStreams();
