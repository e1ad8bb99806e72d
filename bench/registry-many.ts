// A process that watches a thousand services of five instances: with a long poll for each, as far as Consul lets it,
// and with the 64 polls of the default, which the rest shares. Consul is asked with its default limit of 200
// connections, and with a higher one.
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { consulAgent } from "../test/support/consul-agent.ts";
import { median } from "./median.ts";

const instancesOfEach = 5;

interface Report {
  readonly cpuMs: number;
  readonly rss: number;
  readonly heapUsed: number;
  readonly unreachable: number;
  readonly known: number;
}

async function put(url: string, body: object): Promise<void> {
  const response = await fetch(url, { method: "PUT", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  await response.text();
}

/** Written into the catalog as if by the agents of other nodes: nobody checks what is there. */
const entry = (service: number, instance: number): object => ({
  Node: `bench-${instance}`,
  Address: "127.0.0.1",
  Service: {
    ID: `many-${service}-${instance}`,
    Service: `many-${service}`,
    Address: "127.0.0.1",
    Port: 1_000 + instance,
    Tags: ["grpc", `bench.v1.Many${service}`],
    Meta: { protocols: "grpc,connect", version: "1.2.3", zone: "a", lang: "ts", secure: "false" },
  },
});

async function fill(url: string, services: number): Promise<void> {
  for (let service = 0; service < services; service += 1) {
    await Promise.all(
      Array.from({ length: instancesOfEach }, (_, instance) =>
        put(`${url}/v1/catalog/register`, entry(service, instance)),
      ),
    );
  }
}

async function startWatcher(url: string, services: number, maxPolls: number) {
  const child = fork(
    new URL("./registry-watcher.ts", import.meta.url),
    [url, String(services), String(maxPolls)],
    { execArgv: ["--conditions=samspel-source", "--expose-gc"] },
  );
  await once(child, "message");
  const ask = async (question: object, withinMs: number): Promise<unknown> => {
    const answer = once(child, "message", { signal: AbortSignal.timeout(withinMs) });
    child.send(question);
    return (await answer)[0];
  };
  return {
    report: async (): Promise<Report> => (await ask({ report: true }, 60_000)) as Report,
    /** Resolves when it knows so many. */
    knows: (count: number, withinMs: number) => ask({ wait: count }, withinMs),
    async close() {
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

export async function measureMany(services: number, restS: number, rounds: number): Promise<void> {
  console.log(
    `\n${services} services of ${instancesOfEach} instances, watched by one process\n` +
      "polls  limit   knows all in   rss MB   heap MB   cpu ms/s at rest   join known in   lost the registry",
  );
  for (const limit of [200, 5_000]) {
    const ends: (() => unknown)[] = [];
    const agent = await consulAgent(
      { teardown: (end) => void ends.push(end) },
      { name: "many", hcl: [`limits { http_max_conns_per_client = ${limit} }`] },
    );
    await agent.start();
    await fill(agent.url, services);
    for (const polls of [64, services]) {
      const watcher = await startWatcher(agent.url, services, polls);
      const startedAt = performance.now();
      const all = services * instancesOfEach;
      const knowsMs = await watcher.knows(all, 30_000).then(
        () => performance.now() - startedAt,
        () => undefined,
      );
      const before = await watcher.report();
      await sleep(restS * 1_000);
      const after = await watcher.report();
      const joins: number[] = [];
      const joining = knowsMs === undefined ? 0 : rounds;
      for (let round = 0; round < joining; round += 1) {
        const service = services - 1 - round;
        const joinedAt = performance.now();
        // Where the watcher has taken all connections, nobody else gets one.
        const isIn = await put(`${agent.url}/v1/catalog/register`, entry(service, instancesOfEach)).then(
          () => true,
          () => false,
        );
        if (!isIn) break;
        await watcher.knows(all + round + 1, 60_000);
        joins.push(performance.now() - joinedAt);
      }
      console.log(
        String(polls).padStart(5) +
          String(limit).padStart(7) +
          (knowsMs === undefined ? `${after.known}/${all}` : `${knowsMs.toFixed(0)} ms`).padStart(15) +
          (after.rss / 1_048_576).toFixed(0).padStart(9) +
          (after.heapUsed / 1_048_576).toFixed(0).padStart(10) +
          ((after.cpuMs - before.cpuMs) / restS).toFixed(1).padStart(19) +
          (joins.length === 0 ? "refused" : `${median(joins).toFixed(0)} ms`).padStart(16) +
          String(after.unreachable).padStart(20),
      );
      await watcher.close();
      for (let round = 0; round < joins.length; round += 1) {
        const service = services - 1 - round;
        const ServiceID = `many-${service}-${instancesOfEach}`;
        await put(`${agent.url}/v1/catalog/deregister`, { Node: `bench-${instancesOfEach}`, ServiceID });
      }
    }
    await Promise.all(ends.map((end) => end()));
  }
}
