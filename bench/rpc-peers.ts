// Calls by ours and by the stock libraries, client and server in two processes each, the rounds interleaved: each with its
// own kind, then ours at one end of a connection whose other end is Go's.
import type { Load } from "./load.ts";
import { median } from "./median.ts";
import { go, hasGo, startPeer, type Found, type Peer } from "./rpc-peer.ts";

interface Pair {
  readonly server: Peer;
  readonly client: Peer;
}

interface Round extends Load {
  readonly serverCpuMicros: number;
}

export interface PeersOptions {
  readonly rounds: number;
  readonly ms: number;
  readonly messages: number;
}

/** Who calls whom; ours is first, and what the others are compared with. */
interface Group {
  readonly what: string;
  readonly pairs: readonly (readonly [name: string, client: string, server: string])[];
}

const groups: readonly Group[] = [
  {
    what: "each with its own",
    pairs: ["samspel", "grpc-js", "connect"].map((kind) => [kind, kind, kind] as const),
  },
  {
    what: "a Go client of each",
    pairs: ["samspel", "grpc-js", go].map((kind) => [kind, go, kind] as const),
  },
  {
    what: "each of a Go server",
    pairs: ["samspel", "grpc-js", go].map((kind) => [kind, kind, go] as const),
  },
];

export async function startPair(client: string, server: string): Promise<Pair> {
  const serving = await startPeer("server", server);
  return { server: serving, client: await startPeer("client", client, String(serving.port)) };
}

async function round({ server, client }: Pair, question: object): Promise<Round> {
  const before = (await server.ask({}))["cpuMicros"] ?? 0;
  const startedAtMs = performance.now();
  const { perSecond = 0, p50Ms = 0, p99Ms = 0, cpuMicros = 0 } = await client.ask(question);
  const elapsedS = (performance.now() - startedAtMs) / 1_000;
  const after = (await server.ask({}))["cpuMicros"] ?? 0;
  const pieces = "messages" in question ? Number(question.messages) : perSecond * elapsedS;
  return { perSecond, p50Ms, p99Ms, cpuMicros, serverCpuMicros: (after - before) / pieces };
}

async function compare(
  what: string,
  pairs: ReadonlyMap<string, Pair>,
  rounds: number,
  question: object,
): Promise<void> {
  const found = new Map<string, Round[]>();
  for (const pair of pairs.values()) await round(pair, question);
  for (let number = 0; number < rounds; number++) {
    for (const [kind, pair] of pairs)
      found.set(kind, [...(found.get(kind) ?? []), await round(pair, question)]);
  }
  console.log(`${what.padEnd(22)}  per s  p50 ms  p99 ms  CPU µs server, client   ours is`);
  const [ours = []] = found.values();
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
  const isGoHere = hasGo();
  for (const { what, pairs: wanted } of groups) {
    if (!isGoHere && wanted.some(([, ...kinds]) => kinds.includes(go))) {
      console.log(`${what}: left out, as \`go version\` does not answer`);
      continue;
    }
    console.log(what);
    const pairs = new Map<string, Pair>();
    try {
      for (const [name, client, server] of wanted) pairs.set(name, await startPair(client, server));
      await compare("unary, 1 in flight", pairs, rounds, { inFlight: 1, ms });
      await compare("unary, 64 in flight", pairs, rounds, { inFlight: 64, ms });
      await compare("messages of a stream", pairs, rounds, { messages });
    } finally {
      for (const { server, client } of pairs.values()) for (const it of [client, server]) it.end();
    }
  }
}

/** Where the processor's time of our calls goes, at both ends. */
export async function profilePair(ms: number): Promise<void> {
  const { server, client } = await startPair("samspel", "samspel");
  try {
    await client.ask({ inFlight: 64, ms });
    for (const peer of [server, client]) await peer.ask({ profile: "start" });
    const { perSecond = 0 } = await client.ask({ inFlight: 64, ms });
    const profiles = {
      server: await server.ask({ profile: "stop" }),
      client: await client.ask({ profile: "stop" }),
    };
    const calls = (perSecond * ms) / 1_000;
    for (const [end, found] of Object.entries(profiles)) printProfile(end, found, calls);
  } finally {
    for (const it of [client, server]) it.end();
  }
}

function printProfile(end: string, found: Found, calls: number): void {
  const total = Object.values(found).reduce((sum, micros) => sum + micros, 0);
  console.log(`${`the ${end}'s time`.padEnd(40)}   µs a call      of all`);
  for (const [layer, micros] of Object.entries(found).toSorted(([, one], [, other]) => other - one)) {
    console.log(
      `  ${layer.padEnd(38)}${(micros / calls).toFixed(2).padStart(12)}${((100 * micros) / total).toFixed(1).padStart(10)} %`,
    );
  }
}
