// A system in a test: services find each other, in the process and out of it; they are killed, frozen and started again; and
// nothing of it is left.
import { startService, subscribe } from "@samspel/runtime";
import { startSystem, SystemError } from "samspel/testing";
import postgres from "postgres";
import { connect } from "nats";
import t from "tap";
import { CartService } from "../../../examples/shopping-cart/gen/cart/v1/cart_api_pb.ts";
import { CartTopics } from "../../../examples/shopping-cart/gen/cart/v1/cart_topics_pb.ts";
import { InventoryService } from "../../../examples/shopping-cart/gen/inventory/v1/inventory_api_pb.ts";
import { databaseUrl, natsUrl } from "../../support/environment.ts";
import { until } from "../../support/until.ts";
import { leaveAtOnce } from "../../support/leave-at-once.ts";
import { carts, inventoryThat } from "./shop.ts";

const fixtures = `${import.meta.dirname}/fixtures`;
const ready = inventoryThat(() => {});

leaveAtOnce();

t.test(
  "services find each other and share topics, whatever each is: parts, a function, a program",
  async (t) => {
    const told: string[] = [];
    await using system = await startSystem({
      dir: fixtures,
      services: {
        cart: carts,
        inventory: "inventory-main.ts",
        mailer: (settings) =>
          startService({
            ...settings,
            subscriptions: [
              subscribe(CartTopics.method.checkedOut, {
                group: "mailer",
                handler: ({ cartId }) => void told.push(cartId),
              }),
            ],
          }),
      },
    });
    const cart = system.client(CartService);
    for (const cartId of ["7", "ä b"]) {
      await cart.addItem({ cartId, sku: "pear", quantity: 3 });
      await cart.checkout({ cartId });
    }
    await system.until("the mailer hears of both", () => told.length === 2);
    const published = await system.published(CartTopics.method.checkedOut);
    t.match(
      published.toSorted((one, other) => one.key.localeCompare(other.key)),
      [
        { message: { cartId: "7", items: { pear: 3 } }, key: "7", id: "cart/7/2" },
        { message: { cartId: "ä b" }, key: "ä b" },
      ],
    );
    t.match(system.service("inventory").logs(), /reserved for 7\nreserved for ä b/);
    t.match(system.logs(), /inventory │ reserved for 7/);
    const [row] = await system.sql<{ count: number }[]>`select count(*)::integer as count from cart.event`;
    t.equal(row?.count, 4);
  },
);

t.test("tell() reaches a service that is down, when it is back", async (t) => {
  const reserved: string[] = [];
  await using system = await startSystem({
    services: { inventory: inventoryThat((cartId) => void reserved.push(cartId)) },
  });
  await system.service("inventory").stop();
  t.equal(system.service("inventory").state, "down");
  t.throws(() => system.service("inventory").url, new TypeError("inventory has no address as it is down"));
  const receipt = await system.tell(InventoryService.method.reserve, { cartId: "7", items: { pear: 1 } });
  t.same(reserved, []);
  await system.service("inventory").start();
  await receipt.reply();
  t.same(reserved, ["7"]);
});

t.test("systems of the same services run beside each other and see nothing of each other", async (t) => {
  await using one = await startSystem({ services: { cart: carts, inventory: ready } });
  await using other = await startSystem({ services: { cart: carts, inventory: ready } });
  await one.client(CartService).addItem({ cartId: "1", sku: "pear", quantity: 1 });
  await one.client(CartService).checkout({ cartId: "1" });
  t.match(await other.client(CartService).getCart({ cartId: "1" }), { items: {}, checkedOut: false });
  await one.until(
    "it is published",
    async () => (await one.published(CartTopics.method.checkedOut)).length === 1,
  );
  t.same(await other.published(CartTopics.method.checkedOut), []);
});

t.test("close() leaves no database, no stream and no registry behind", async (t) => {
  const system = await startSystem({ services: { cart: carts, inventory: ready } });
  await system.client(CartService).addItem({ cartId: "1", sku: "pear", quantity: 1 });
  const { topicPrefix, registryUrl } = system.infra;
  await system.close();
  await system.close();

  const sql = postgres(databaseUrl(), { max: 1 });
  t.teardown(() => sql.end());
  const name = new URL(system.infra.databaseUrl).pathname.slice(1);
  t.same(await sql`select from pg_database where datname = ${name}`, []);
  const nats = await connect({ servers: natsUrl() });
  t.teardown(() => nats.close());
  for await (const stream of (await nats.jetstreamManager()).streams.names())
    t.notOk(stream.includes(topicPrefix), stream);
  await t.rejects(fetch(registryUrl));
});

t.test("kill() and start() of a service in the test's process keep its data, and nothing else", async (t) => {
  await using system = await startSystem({ services: { cart: carts, inventory: ready } });
  const cart = system.client(CartService);
  await cart.addItem({ cartId: "1", sku: "pear", quantity: 2 });
  await system.service("cart").kill();
  t.equal(system.service("cart").state, "down");
  const found = await fetch(`${system.infra.registryUrl}/v1/health/service/cart?passing`);
  t.equal(((await found.json()) as unknown[]).length, 1, "nobody told the registry");
  await system.service("cart").start();
  t.match(await cart.getCart({ cartId: "1" }), { items: { pear: 2 } });
});

t.test("a program is killed, frozen and started again", async (t) => {
  await using system = await startSystem({ dir: fixtures, services: { inventory: "inventory-main.ts" } });
  const inventory = system.service("inventory");
  const stock = () => system.client(InventoryService).getStock({});
  await stock();
  {
    using frozen = inventory.freeze();
    t.equal(inventory.state, "frozen");
    const call = stock();
    const first = await Promise.race([
      call.then(() => "answered"),
      new Promise((r) => setTimeout(r, 100, "hangs")),
    ]);
    t.equal(first, "hangs");
    frozen.thaw();
    await call;
  }
  await inventory.kill();
  await inventory.restart();
  await stock();
  t.equal(inventory.state, "ready");
});

t.test(
  "a crash ends what is waited for at once, and close() tells of one that start() did not mend",
  async (t) => {
    const system = await startSystem({ dir: fixtures, services: { inventory: "inventory-main.ts" } });
    const crash = () =>
      t.rejects(system.client(InventoryService).reserve({ cartId: "1", items: { bomb: 1 } }));
    await crash();
    const failure = await system
      .until("never", () => false, { timeoutMs: 200_000 })
      .catch((error: unknown) => error);
    t.ok(failure instanceof SystemError);
    t.match(failure, { message: /^inventory crashed\. Its last lines:\n.*reserved for 1/s });
    await system.service("inventory").start();
    t.equal(await system.until("nothing is wrong", () => "right"), "right");
    await crash();
    await until("the second crash is seen", () => system.service("inventory").state === "crashed");
    await t.rejects(system.close(), { message: /^inventory crashed\./ });
  },
);

t.test("until() gives up with what it waited for, why, and what services wrote", async (t) => {
  await using system = await startSystem({ services: { inventory: ready } });
  t.equal(await system.until("it is there", () => 7), 7);
  await t.rejects(
    system.until(
      "pigs fly",
      () => {
        throw new Error("no wings");
      },
      { timeoutMs: 30 },
    ),
    {
      message:
        /^Waited 30 ms in vain until pigs fly: no wings\ninventory \(ready\) wrote last:\n.*service is ready/s,
    },
  );
});

t.test("a start that fails says which service, why and what it wrote, and leaves nothing", async (t) => {
  let stopped = false;
  await t.rejects(
    startSystem({
      services: {
        good: () => Promise.resolve({ stop: async () => void (stopped = true) }),
        bad: { command: ["node", "-e", "console.log('no way'); process.exit(4)"] },
      },
    }),
    { name: "SystemError", message: /^Cannot start bad: .*exited with code 4.*no way/s },
  );
  t.ok(stopped);
});

t.test("names that cannot be are refused, and files that are not there", async (t) => {
  const refused = async (services: Parameters<typeof startSystem<string>>[0]["services"], message: RegExp) =>
    t.rejects(startSystem({ services, dir: fixtures }), { name: "SystemError", message });
  await refused({}, /without services/);
  await refused({ "not ok": ready }, /Cannot name a service "not ok"/);
  await refused({ postgres: ready }, /"postgres" as that is another member/);
  await refused({ cart: "no-main.ts" }, /Cannot start cart as there is no file .*no-main\.ts/);
  await using system = await startSystem<string>({ services: { inventory: ready } });
  t.throws(() => system.service("cart"), new TypeError("The system has no service cart: it has inventory"));
  t.throws(() => system.between("inventory", "cart"), /There is no edge inventory → cart/);
});
