// Members of a system: instances of one service, services with identities, a real Consul, and the test itself.
import { Code, ConnectError } from "@connectrpc/connect";
import { subscribe } from "@samspel/runtime";
import { startSystem } from "samspel/testing";
import t from "tap";
import { CartService } from "../../../examples/shopping-cart/gen/cart/v1/cart_api_pb.ts";
import { CartTopics } from "../../../examples/shopping-cart/gen/cart/v1/cart_topics_pb.ts";
import { InventoryService } from "../../../examples/shopping-cart/gen/inventory/v1/inventory_api_pb.ts";
import { carts, inventoryThat } from "./shop.ts";

const fixtures = `${import.meta.dirname}/fixtures`;

t.test("two members of one name are two instances, each with edges of its own", async (t) => {
  const seen: string[] = [];
  const instance = (name: string) => ({ ...inventoryThat(() => void seen.push(name)), name: "inventory" });
  await using system = await startSystem({ services: { one: instance("one"), two: instance("two") } });
  const inventory = system.client(InventoryService);
  for (const [cut, used] of [
    ["one", "two"],
    ["two", "one"],
  ] as const) {
    using _ = system.between("test", cut).cut();
    seen.length = 0;
    // Whatever way a call takes first: what is idempotent ends where it can be answered.
    for (let call = 0; call < 5; call++) await inventory.reserve({ cartId: `${cut}-${call}` });
    t.same([...new Set(seen)], [used]);
  }
  await system.service("one").stop();
  await system.service("two").kill();
  await system.service("one").start();
  seen.length = 0;
  await system.until("the one that is left answers", async () => {
    await inventory.reserve({ cartId: "last" });
  });
  t.same(seen, ["one"]);
});

t.test("publish() stands in for a topic's service", async (t) => {
  const heard: string[] = [];
  await using system = await startSystem({
    services: {
      mailer: {
        subscriptions: [
          subscribe(CartTopics.method.checkedOut, {
            group: "mailer",
            handler: ({ cartId }, { id }) => void heard.push(`${cartId} ${id}`),
          }),
        ],
      },
    },
  });
  const id = await system.publish(
    CartTopics.method.checkedOut,
    { cartId: "7", items: { pear: 1 } },
    { id: "a" },
  );
  t.equal(id, "a");
  await system.publish(CartTopics.method.checkedOut, { cartId: "7" }, { id: "a" });
  await system.publish(
    CartTopics.method.checkedOut,
    { cartId: "7" },
    { id: "b", headers: { color: "red green" } },
  );
  await system.until("both are heard", () => heard.length === 2);
  t.same(heard, ["7 a", "7 b"]);
  t.match(
    (await system.published(CartTopics.method.checkedOut)).map(({ headers }) => headers.get("color")),
    [undefined, "red green"],
  );
});

t.test("with identities, members call each other by mTLS, and intentions decide", async (t) => {
  await using system = await startSystem({
    identity: "consul",
    dir: fixtures,
    services: { cart: carts, inventory: "inventory-main.ts" },
  });
  const cart = system.client(CartService);
  await cart.addItem({ cartId: "1", sku: "pear", quantity: 1 });
  await cart.checkout({ cartId: "1" });
  await cart.addItem({ cartId: "2", sku: "pear", quantity: 1 });
  await fetch(`${system.infra.registryUrl}/v1/connect/intentions/exact?source=cart&destination=inventory`, {
    method: "PUT",
    body: JSON.stringify({ Action: "deny" }),
  });
  await system.until("the cart is denied", async () => {
    const failure: unknown = await cart.checkout({ cartId: "2" }).catch((error: unknown) => error);
    return ConnectError.from(failure).code === Code.PermissionDenied;
  });
  // The other way is as it was; faults work on TLS, too.
  using lost = system.between("test", "inventory").drop();
  await t.rejects(system.client(InventoryService).getStock({}, { timeoutMs: 300 }), {
    code: Code.DeadlineExceeded,
  });
  await lost.struck();
});

t.test("a system has a real Consul where it asks for one", async (t) => {
  await using system = await startSystem({
    registry: "consul",
    services: { cart: carts, inventory: inventoryThat(() => {}) },
  });
  const cart = system.client(CartService);
  await cart.addItem({ cartId: "1", sku: "pear", quantity: 1 });
  await cart.checkout({ cartId: "1" });
  const self = await fetch(`${system.infra.registryUrl}/v1/agent/self`);
  t.match(await self.json(), { Config: { Version: /^1\./ } });
});

t.test("around() takes a service away from everybody, and gives it back", async (t) => {
  await using system = await startSystem({ services: { cart: carts, inventory: inventoryThat(() => {}) } });
  const cart = system.client(CartService);
  await cart.addItem({ cartId: "1", sku: "pear", quantity: 1 });
  {
    using cut = system.around("cart").cut();
    await cut.struck();
    await t.rejects(cart.getCart({ cartId: "1" }, { timeoutMs: 300 }));
    await system.client(InventoryService).getStock({});
  }
  t.match(await system.until("it is back", () => cart.getCart({ cartId: "1" })), { items: { pear: 1 } });
});
