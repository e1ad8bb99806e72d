// Tells between TypeScript and Python, both ways, by the wire contract alone.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { Code, ConnectError } from "@connectrpc/connect";
import { createClients, errorDetail, reject, serve } from "@samspel/runtime";
import t from "tap";
import { InventoryService } from "../../../examples/shopping-cart/gen/inventory/v1/inventory_api_pb.ts";
import { natsUrl } from "../../support/environment.ts";
import { testSchema, testTopicPrefix } from "../../support/isolation.ts";
import { startTown } from "../../support/town.ts";
import { until } from "../../support/until.ts";
import { fixedSource } from "../../integration/calls/echo-server.ts";
import { inventoryPython, startInventory } from "./inventory-process.ts";

const root = join(import.meta.dirname, "../../..");
const python = await inventoryPython(t);
const patience = { timeoutMs: 60_000 };

t.test("TypeScript tells Python, also before that runs, and gets its replies and rejections", async (t) => {
  const prefix = testTopicPrefix(t);
  const clients = createClients({ registry: fixedSource(), natsUrl: natsUrl(), topicPrefix: prefix });
  t.teardown(() => clients.close());
  const { tell } = clients.client(InventoryService);
  const early = await tell.reserve({ cartId: "Åsas cart", items: { fig: 2 } }, { idempotencyKey: "r 1" });
  const inventory = await startInventory(t, python, {
    SAMSPEL_SCHEMA: testSchema(t),
    SAMSPEL_TOPIC_PREFIX: prefix,
  });
  await early.reply(patience);
  const { stock } = await inventory.client.getStock({ skus: ["fig"] });
  t.equal(stock["fig"]?.reserved, 2);

  const greedy = await tell.reserve({ cartId: "c", items: { unicorn: 1 } });
  const failure = await greedy.reply(patience).catch((error: unknown) => error);
  t.ok(failure instanceof ConnectError);
  t.equal(ConnectError.from(failure).code, Code.NotFound);
  t.match(errorDetail(failure), {
    code: "SAMSPEL_REJECTED",
    metadata: { unicorn: undefined, unknown: "unicorn" },
  });
  // The line takes its own way, by the process's output: it may come after the reply.
  const logged = await until("the dead letter is logged", () =>
    inventory.logs.find(({ msg }) => msg === "dead letter: the last attempt failed"),
  );
  t.match(logged, { topic: "tell.inventory.v1.InventoryService", attempt: 1 });
});

t.test("Python tells TypeScript, and gets its replies and rejections", async (t) => {
  const { prefix, start } = await startTown(t);
  const seen: (string | null)[] = [];
  const inventory = serve(InventoryService, {
    reserve({ items }, { requestHeader }) {
      for (const name of ["samspel-command-id", "x-tenant"]) seen.push(requestHeader.get(name));
      if ("unicorn" in items)
        throw reject(Code.NotFound, "no unicorns", { metadata: { unknown: "unicorn" } });
      return {};
    },
    getStock: () => ({}),
    getOrder: () => ({}),
  });
  const tellFrom = async (...args: readonly string[]): Promise<Readonly<Record<string, unknown>>> => {
    const { stdout } = await promisify(execFile)(
      python,
      [join(import.meta.dirname, "tell_inventory.py"), ...args],
      {
        env: {
          ...process.env,
          PYTHONPATH: `${join(root, "interop/python/src")}:${join(root, "examples/shopping-cart/inventory/src")}`,
          NATS_URL: natsUrl(),
          SAMSPEL_TOPIC_PREFIX: prefix,
        },
      },
    );
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}") as Readonly<Record<string, unknown>>;
  };
  const telling = tellFrom("c-1", "fig", "first");
  await start({ name: "inventory", services: [inventory] });
  t.match(await telling, { id: "first", reply: true });
  t.same(seen, ["first", "gr%C3%BCn"], "what is no ASCII stays encoded");
  t.match(await tellFrom("c-1", "unicorn", "second"), {
    code: "NOT_FOUND",
    message: "no unicorns",
    rejected: true,
    metadata: { unknown: "unicorn" },
  });
});
