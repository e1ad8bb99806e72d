// Faults between the members of a system, and what services make of them. Nothing here sleeps: a fault tells when it struck.
import { Code } from "@connectrpc/connect";
import { startSystem, type System } from "samspel/testing";
import t, { type Test } from "tap";
import { CartService } from "../../../examples/shopping-cart/gen/cart/v1/cart_api_pb.ts";
import { CartTopics } from "../../../examples/shopping-cart/gen/cart/v1/cart_topics_pb.ts";
import { InventoryService } from "../../../examples/shopping-cart/gen/inventory/v1/inventory_api_pb.ts";
import { carts, inventoryThat } from "./shop.ts";

interface Shop {
  readonly system: System<"cart" | "inventory">;
  /** The carts that inventory reserved for, as often as it did. */
  readonly reserved: readonly string[];
}

/** A shop whose connections are warm: one cart was checked out. It ends with the test. */
async function startShop(t: Test): Promise<Shop> {
  const reserved: string[] = [];
  const system = await startSystem({
    services: { cart: carts, inventory: inventoryThat((cartId) => void reserved.push(cartId)) },
  });
  t.teardown(() => system.close());
  await fill(system, "warm");
  await system.client(CartService).checkout({ cartId: "warm" });
  return { system, reserved };
}

async function fill(system: Shop["system"], cartId: string): Promise<void> {
  await system.client(CartService).addItem({ cartId, sku: "pear", quantity: 1 });
}

t.test("drop() between two services ends a call by its deadline, and lift() mends it", async (t) => {
  const { system, reserved } = await startShop(t);
  const cart = system.client(CartService);
  await fill(system, "1");
  using lost = system.between("cart", "inventory").drop();
  const call = cart.checkout({ cartId: "1" }, { timeoutMs: 1_000 });
  const failed = t.rejects(call, { code: Code.DeadlineExceeded });
  await lost.struck();
  // Only this edge is disturbed.
  await system.client(InventoryService).getStock({});
  await failed;
  t.same(reserved, ["warm"]);
  t.match(await cart.getCart({ cartId: "1" }), { checkedOut: false });
  lost.lift();
  await cart.checkout({ cartId: "1" });
  t.match(await cart.getCart({ cartId: "1" }), { checkedOut: true });
});

t.test(
  "an answer that is lost with its connection is asked for again, as the method is idempotent",
  async (t) => {
    const { system, reserved } = await startShop(t);
    await fill(system, "1");
    const edge = system.between("cart", "inventory");
    const lost = edge.drop({ only: "answers" });
    const call = system.client(CartService).checkout({ cartId: "1" });
    await lost.struck();
    t.same(reserved, ["warm", "1"], "inventory has done it already");
    edge.reset();
    lost.lift();
    await call;
    t.same(reserved, ["warm", "1", "1"]);
  },
);

t.test("kill() between a reservation and the checkout leaves a cart that can be checked out", async (t) => {
  const { system, reserved } = await startShop(t);
  await fill(system, "1");
  {
    using lost = system.between("cart", "inventory").drop({ only: "answers" });
    const call = system.client(CartService).checkout({ cartId: "1" });
    const failed = t.rejects(call);
    await lost.struck();
    await system.service("cart").kill();
    await failed;
  }
  await system.service("cart").start();
  t.match(await system.client(CartService).getCart({ cartId: "1" }), { checkedOut: false });
  await system.client(CartService).checkout({ cartId: "1" });
  t.same(reserved, ["warm", "1", "1"]);
});

t.test("cut() of Postgres is an answer, and afterwards everything goes on", async (t) => {
  const { system } = await startShop(t);
  const cart = system.client(CartService);
  await fill(system, "1");
  {
    await using cut = system.postgres.cut();
    await cut.struck();
    await t.rejects(cart.addItem({ cartId: "1", sku: "fig", quantity: 1 }, { timeoutMs: 2_000 }));
  }
  await system.until("carts are filled again", () => cart.addItem({ cartId: "1", sku: "nut", quantity: 1 }));
  // Whether the fig is in, nobody told: its caller only knows that nobody answered.
  t.match(await cart.getCart({ cartId: "1" }), { items: { pear: 1, nut: 1 } });
});

t.test("cut() of NATS holds up topics, not checkouts; what was not published comes", async (t) => {
  const { system } = await startShop(t);
  const published = async () =>
    (await system.published(CartTopics.method.checkedOut)).map(({ key }) => key).toSorted();
  await system.until("the first is published", async () => (await published()).length === 1);
  await fill(system, "1");
  const cut = system.nats.cut();
  await cut.struck();
  await system.client(CartService).checkout({ cartId: "1" });
  t.same(await published(), ["warm"]);
  cut.lift();
  await system.until("the second is published", async () => (await published()).length === 2);
  t.same(await published(), ["1", "warm"]);
});

t.test("restart() of the registry makes it forget, and services come back by themselves", async (t) => {
  const { system } = await startShop(t);
  await system.registry.restart();
  const names = async (): Promise<readonly string[]> => {
    const answer = await fetch(`${system.infra.registryUrl}/v1/catalog/services`);
    return Object.keys((await answer.json()) as object);
  };
  await system.until("both are registered again", async () => {
    const registered = await names();
    return registered.includes("cart") && registered.includes("inventory");
  });
  await fill(system, "1");
  await system.client(CartService).checkout({ cartId: "1" });
});

t.test("freeze() of a service in the test's process holds what it is asked, until thaw()", async (t) => {
  const { system } = await startShop(t);
  const frozen = system.service("inventory").freeze();
  t.equal(system.service("inventory").state, "frozen");
  let answered = false;
  const call = system
    .client(InventoryService)
    .getStock({})
    .then(() => (answered = true));
  // Takes the same way, but for the last piece of it.
  await fill(system, "1");
  t.equal(answered, false);
  frozen.thaw();
  await call;
});

t.test("delay() makes calls slower by its time, both ways", async (t) => {
  const { system } = await startShop(t);
  const inventory = system.client(InventoryService);
  await inventory.getStock({});
  using _ = system.between("test", "inventory").delay(100);
  const began = performance.now();
  await inventory.getStock({});
  t.ok(performance.now() - began >= 199);
});
