// Calls by ours and by the stock libraries, client and server in two processes each, the rounds interleaved.
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Load } from "./load.ts";
import { median } from "./median.ts";

const kinds = ["samspel", "grpc-js", "connect"] as const;
type Kind = (typeof kinds)[number];

interface Pair {
  readonly server: ChildProcess;
  readonly client: ChildProcess;
}

interface Round extends Load {
  readonly serverCpuMicros: number;
}

export interface PeersOptions {
  readonly rounds: number;
  readonly ms: number;
  readonly messages: number;
}

const options = {
  execArgv: ["--conditions=samspel-source", ...process.execArgv.filter((it) => it.startsWith("--max"))],
};

async function said(process: ChildProcess): Promise<Record<string, number>> {
  const [message]: unknown[] = await once(process, "message");
  if (typeof message === "object" && message !== null) return { ...message };
  throw new Error(`A process said ${JSON.stringify(message)}`);
}

async function ask(process: ChildProcess, question: object): Promise<Record<string, number>> {
  const answer = said(process);
  process.send(question);
  return answer;
}

async function startPair(kind: Kind): Promise<Pair> {
  const server = fork(new URL("./rpc-server.ts", import.meta.url), [kind], options);
  const { port } = await said(server);
  const client = fork(new URL("./rpc-client.ts", import.meta.url), [kind, String(port)], options);
  await said(client);
  return { server, client };
}

async function round({ server, client }: Pair, question: object): Promise<Round> {
  const before = (await ask(server, {}))["cpuMicros"] ?? 0;
  const startedAtMs = performance.now();
  const { perSecond = 0, p50Ms = 0, p99Ms = 0, cpuMicros = 0 } = await ask(client, question);
  const elapsedS = (performance.now() - startedAtMs) / 1_000;
  const after = (await ask(server, {}))["cpuMicros"] ?? 0;
  const pieces = "messages" in question ? Number(question.messages) : perSecond * elapsedS;
  return { perSecond, p50Ms, p99Ms, cpuMicros, serverCpuMicros: (after - before) / pieces };
}

async function compare(
  what: string,
  pairs: ReadonlyMap<Kind, Pair>,
  rounds: number,
  question: object,
): Promise<void> {
  const found = new Map<Kind, Round[]>();
  for (const pair of pairs.values()) await round(pair, question);
  for (let number = 0; number < rounds; number++) {
    for (const [kind, pair] of pairs)
      found.set(kind, [...(found.get(kind) ?? []), await round(pair, question)]);
  }
  console.log(`${what.padEnd(22)}  per s  p50 ms  p99 ms  CPU µs server, client   ours is`);
  const ours = found.get("samspel") ?? [];
  for (const [kind, all] of found) {
    const middle = (of: (round: Round) => number): number => median(all.map(of));
    // Of the same round, so that what else the machine does falls on both.
    const ratio = median(all.map(({ perSecond }, index) => (ours[index]?.perSecond ?? 0) / perSecond));
    console.log(
      `  ${kind.padEnd(12)}` +
        middle((it) => it.perSecond)
          .toFixed(0)
          .padStart(15) +
        middle((it) => it.p50Ms)
          .toFixed(3)
          .padStart(8) +
        middle((it) => it.p99Ms)
          .toFixed(2)
          .padStart(8) +
        middle((it) => it.serverCpuMicros)
          .toFixed(2)
          .padStart(15) +
        middle((it) => it.cpuMicros)
          .toFixed(2)
          .padStart(8) +
        `${ratio.toFixed(2)} ×`.padStart(10),
    );
  }
}

/** Unary calls, one and 64 at a time, and answers that stream. */
export async function comparePeers({ rounds, ms, messages }: PeersOptions): Promise<void> {
  const pairs = new Map<Kind, Pair>();
  try {
    for (const kind of kinds) pairs.set(kind, await startPair(kind));
    await compare("unary, 1 in flight", pairs, rounds, { inFlight: 1, ms });
    await compare("unary, 64 in flight", pairs, rounds, { inFlight: 64, ms });
    await compare("messages of a stream", pairs, rounds, { messages });
  } finally {
    for (const { server, client } of pairs.values()) for (const it of [client, server]) it.disconnect();
  }
}
