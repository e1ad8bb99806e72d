// How long a test waits for a system, beside `startDev`, which starts infra for each; and what the edge between two members
// costs a call, beside the same call past it. What Postgres and NATS need to start is not in it: tests share them.
//   npm run bench -- --long system
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createRegistry } from "@samspel/registry";
import { createClients, serve } from "@samspel/runtime";
import { startDev } from "samspel";
import { startSystem, type ServiceSpec } from "samspel/testing";
import { cart } from "../examples/shopping-cart/cart/cart.ts";
import { checkedOut } from "../examples/shopping-cart/cart/topics.ts";
import { InventoryService } from "../examples/shopping-cart/gen/inventory/v1/inventory_api_pb.ts";
import { closedLoop, middle, type Load } from "./load.ts";
import { median } from "./median.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    ms: { type: "string", default: "2000" },
  },
});
const rounds = Number(values.rounds);
const ms = Number(values.ms);

const cartMain = join(import.meta.dirname, "../examples/shopping-cart/cart/main.ts");
const inventory: ServiceSpec = {
  services: [
    serve(InventoryService, {
      reserve: async () => ({}),
      getStock: async () => ({}),
      getOrder: async () => ({}),
    }),
  ],
};

interface Times {
  readonly startMs: number[];
  readonly closeMs: number[];
}

async function measure(begin: () => Promise<AsyncDisposable>): Promise<Times> {
  const times: Times = { startMs: [], closeMs: [] };
  for (let round = 0; round <= rounds; round++) {
    const startedAt = performance.now();
    const running = await begin();
    const readyAt = performance.now();
    await running[Symbol.asyncDispose]();
    // The first one warms what all have.
    if (round === 0) continue;
    times.startMs.push(readyAt - startedAt);
    times.closeMs.push(performance.now() - readyAt);
  }
  return times;
}

function row(what: string, { startMs, closeMs }: Times): void {
  console.log(
    what.padEnd(50) + median(startMs).toFixed(0).padStart(9) + median(closeMs).toFixed(0).padStart(9),
  );
}

async function startTimes(): Promise<void> {
  console.log(`${"".padEnd(50)} start ms close ms`);
  row(
    "two services in the test's process",
    await measure(() =>
      startSystem({ services: { cart: { entities: [cart], topics: [checkedOut] }, inventory } }),
    ),
  );
  row(
    "one in the test's process, one in its own",
    await measure(() => startSystem({ services: { cart: cartMain, inventory } })),
  );
  const folder = await mkdtemp(join(tmpdir(), "samspel-bench-system-"));
  const services = { cart: { command: ["node", "--conditions=samspel-source", cartMain] } };
  await writeFile(join(folder, "samspel.json"), JSON.stringify({ name: "bench", services }));
  // Infra of its own each time is what this is beside.
  const { DATABASE_URL, NATS_URL } = process.env;
  delete process.env["DATABASE_URL"];
  delete process.env["NATS_URL"];
  row(
    "startDev of one in a process of its own",
    await measure(() => startDev({ project: folder, fresh: true, ports: "free" })),
  );
  Object.assign(process.env, { DATABASE_URL, NATS_URL });
  await rm(folder, { recursive: true });
}

async function edgeCost(): Promise<void> {
  await using system = await startSystem({ services: { inventory } });
  const registry = createRegistry({ url: system.infra.registryUrl });
  await using past = createClients({ registry });
  const clients = { edge: system.client(InventoryService), direct: past.client(InventoryService) };
  const loads = { edge: [] as Load[], direct: [] as Load[] };
  for (const client of Object.values(clients)) await closedLoop(() => client.getStock({}), 1, ms / 4);
  for (let round = 0; round < rounds; round++) {
    for (const name of ["edge", "direct"] as const)
      loads[name].push(await closedLoop(() => clients[name].getStock({}), 1, ms / 4));
  }
  const [edge, direct] = [middle(loads.edge), middle(loads.direct)];
  console.log(
    `a call by an edge: ${edge.p50Ms.toFixed(2)} ms, past it: ${direct.p50Ms.toFixed(2)} ms ` +
      `(p99 ${edge.p99Ms.toFixed(2)} and ${direct.p99Ms.toFixed(2)})`,
  );
  await registry.close();
}

await startTimes();
await edgeCost();
