// What an instance that rests costs the registry: requests and bytes a minute, counted on the wire.
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createRegistry, type Registry } from "@samspel/registry";

interface Count {
  requests: number;
  bytes: number;
}

async function startCounter(url: string) {
  const target = new URL(url);
  const count: Count = { requests: 0, bytes: 0 };
  const server = createServer((inward) => {
    const outward = connect(Number(target.port), target.hostname);
    inward.on("data", (bytes: Buffer) => {
      count.bytes += bytes.length;
      // A request of ours is one write.
      if (/^(GET|PUT) /.test(bytes.toString("latin1", 0, 4))) count.requests += 1;
    });
    outward.on("data", (bytes: Buffer) => (count.bytes += bytes.length));
    inward.pipe(outward).pipe(inward);
    inward.on("error", () => outward.destroy());
    outward.on("error", () => inward.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  // A server on a TCP port has an address of this kind.
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, count, close: () => void server.close() };
}

export async function measureTraffic(url: string, restS: number): Promise<void> {
  console.log(`\nat rest, measured for ${restS} s\n                                requests/min   bytes/min`);
  await using others = createRegistry({ url });
  const base = { address: "127.0.0.1", check: { type: "none" } } as const;
  for (let index = 0; index < 5; index += 1) {
    for (let port = 1; port <= 3; port += 1) {
      const name = `bench-rest-${index}`;
      await others.register({ ...base, name, port, protoServices: [`bench.v1.Rest${index}`] });
    }
  }
  const cases: Readonly<Record<string, (registry: Registry) => Promise<unknown>>> = {
    "one registered instance": (registry) =>
      registry.register({ ...base, name: "bench-own", port: 9, protoServices: ["bench.v1.Own"] }),
    "one watch (3 instances)": (registry) => registry.watch("bench.v1.Rest0")[Symbol.asyncIterator]().next(),
    "five watches": (registry) =>
      Promise.all(
        [0, 1, 2, 3, 4].map((index) =>
          registry.watch(`bench.v1.Rest${index}`)[Symbol.asyncIterator]().next(),
        ),
      ),
  };
  for (const [what, begin] of Object.entries(cases)) {
    const counter = await startCounter(url);
    const registry = createRegistry({ url: counter.url });
    await begin(registry);
    // What the beginning costs is another matter.
    await sleep(2_000);
    const before = { ...counter.count };
    await sleep(restS * 1_000);
    const perMinute = (now: number, then: number): string => (((now - then) * 60) / restS).toFixed(0);
    console.log(
      what.padEnd(28) +
        perMinute(counter.count.requests, before.requests).padStart(16) +
        perMinute(counter.count.bytes, before.bytes).padStart(12),
    );
    await registry.close();
    counter.close();
  }
}
