// How long until all who watch know that an instance joined, left, or died. A death is noticed by Consul's check, once
// a second here, so half a second of it is the check's rhythm.
import { setTimeout as sleep } from "node:timers/promises";
import { createRegistry, type Registry } from "@samspel/registry";
import { bind, startRpcServer } from "../ts-runtime/src/service/index.ts";
import { EchoService } from "../test/gen/samspel/test/v1/echo_pb.ts";
import { silentLogger } from "../test/support/silent-logger.ts";
import { until } from "../test/support/until.ts";
import { median } from "./median.ts";

const protoService = EchoService.typeName;

async function startInstance(registry: Registry) {
  const server = await startRpcServer({
    logger: silentLogger,
    bindings: [
      bind(EchoService, {
        echo: ({ text }) => ({ text }),
        echoOnce: ({ text }) => ({ text }),
        async *echoMany() {},
        echoJoined: async () => ({}),
        async *echoEach() {},
      }),
    ],
  });
  const handle = await registry.register({
    name: "bench-news",
    address: "127.0.0.1",
    port: server.port,
    protoServices: [protoService],
    check: { type: "grpc", intervalMs: 1_000, timeoutMs: 1_000 },
  });
  return { server, handle };
}

/** Milliseconds until each of the watchers has so many instances; the last one counts. */
async function allKnow(
  watchers: readonly { readonly current: readonly unknown[] }[],
  count: number,
): Promise<number> {
  const startedAt = performance.now();
  await until("all know", () => watchers.every(({ current }) => current.length === count), 60_000);
  return performance.now() - startedAt;
}

export async function measureNews(url: string, rounds: number): Promise<void> {
  console.log(
    "\nuntil all watchers know, ms: p50 (max)\nwatchers           join             leave             crash",
  );
  for (const count of [1, 50]) {
    await using joining = createRegistry({ url });
    const registries = Array.from({ length: count }, () => createRegistry({ url }));
    const watchers = registries.map((registry) => registry.watch(protoService));
    const steady = await startInstance(joining);
    await allKnow(watchers, 1);
    const figures: Record<"join" | "leave" | "crash", number[]> = { join: [], leave: [], crash: [] };
    for (let round = 0; round < rounds; round += 1) {
      const leaving = await startInstance(joining);
      figures.join.push(await allKnow(watchers, 2));
      await leaving.handle.deregister();
      figures.leave.push(await allKnow(watchers, 1));
      await leaving.server.close();
      const dying = await startInstance(joining);
      await allKnow(watchers, 2);
      // Anywhere in the check's rhythm, which begins when the check has run for the first time.
      await sleep(1_500 + Math.random() * 1_000);
      await dying.server.close();
      figures.crash.push(await allKnow(watchers, 1));
      await dying.handle.deregister();
    }
    console.log(
      String(count).padStart(8) + show(figures.join).slice(3) + show(figures.leave) + show(figures.crash),
    );
    await steady.handle.deregister();
    await steady.server.close();
    await Promise.all(registries.map((registry) => registry.close()));
  }
}

const show = (of: readonly number[]): string =>
  `${median(of).toFixed(0)} (${Math.max(...of).toFixed(0)})`.padStart(18);
