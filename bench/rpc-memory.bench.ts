// What calls leave behind in memory, at both ends: to be nothing, however many they are.
//   npm run bench -- --long rpc-memory
import { parseArgs } from "node:util";
import { startPair } from "./rpc-peers.ts";
import type { Peer } from "./rpc-peer.ts";

const { values } = parseArgs({
  options: {
    calls: { type: "string", default: "10000000" },
    every: { type: "string", default: "1000000" },
  },
});
const calls = Number(values.calls);
const every = Number(values.every);

async function memoryOf(peer: Peer): Promise<string> {
  const { heapBytes = 0, externalBytes = 0, rssBytes = 0 } = await peer.ask({ memory: true });
  return [heapBytes, externalBytes, rssBytes]
    .map((bytes) => (bytes / 2 ** 20).toFixed(1).padStart(8))
    .join("");
}

const { server, client } = await startPair("samspel", "samspel");
try {
  console.log("             MiB:  server                   client");
  console.log("     calls    heap external rss      heap external rss      calls a second");
  await client.ask({ calls: every / 10, inFlight: 64 });
  for (let made = 0; made <= calls; made += every) {
    const { perSecond = 0 } = made === 0 ? {} : await client.ask({ calls: every, inFlight: 64 });
    console.log(
      `${String(made).padStart(10)}${await memoryOf(server)} ${await memoryOf(client)}${perSecond.toFixed(0).padStart(12)}`,
    );
  }
} finally {
  for (const it of [client, server]) it.end();
}
