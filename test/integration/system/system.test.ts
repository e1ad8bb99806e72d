// A system in a test: services find each other, in the process and out of it, and nothing of it is left.
import { Code } from "@connectrpc/connect";
import { reject, serve, startService, subscribe } from "@samspel/runtime";
import { startSystem } from "samspel/testing";
import t from "tap";
import { cart } from "../../../examples/shopping-cart/cart/cart.ts";
import { checkedOut } from "../../../examples/shopping-cart/cart/topics.ts";
import { CartService } from "../../../examples/shopping-cart/gen/cart/v1/cart_api_pb.ts";
import { CartTopics } from "../../../examples/shopping-cart/gen/cart/v1/cart_topics_pb.ts";
import { InventoryService } from "../../../examples/shopping-cart/gen/inventory/v1/inventory_api_pb.ts";

const warehouse = serve(InventoryService, {
  reserve({ items }) {
    if ("unicorn" in items) throw reject(Code.FailedPrecondition, "short of unicorns");
    return Promise.resolve({});
  },
  getStock: async () => ({}),
  getOrder: async () => ({}),
});

t.test("startSystem() runs services that find each other, in this process and in others", async (t) => {
  const told: string[] = [];
  const began = performance.now();
  await using system = await startSystem({
    dir: import.meta.dirname,
    services: {
      cart: "../../../examples/shopping-cart/cart/main.ts",
      inventory: { services: [warehouse] },
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
  t.comment(`started in ${Math.round(performance.now() - began)} ms`);
  const carts = system.client(CartService);
  await carts.addItem({ cartId: "1", sku: "unicorn", quantity: 1 });
  await t.rejects(carts.checkout({ cartId: "1" }), {
    code: Code.FailedPrecondition,
    rawMessage: "short of unicorns",
  });
  await carts.addItem({ cartId: "2", sku: "pear", quantity: 3 });
  await carts.checkout({ cartId: "2" });
  await system.until("the mailer hears of it", () => told.includes("2"));
  t.match(await system.published(CartTopics.method.checkedOut), [
    { message: { cartId: "2", items: { pear: 3 } }, key: "2", id: "cart/2/2" },
  ]);
  const closing = performance.now();
  await system.close();
  t.comment(`closed in ${Math.round(performance.now() - closing)} ms`);
});

t.test("parts in the process", async (t) => {
  const began = performance.now();
  await using system = await startSystem({
    services: {
      cart: { entities: [cart], topics: [checkedOut] },
      inventory: { services: [warehouse] },
    },
  });
  t.comment(`started in ${Math.round(performance.now() - began)} ms`);
  const carts = system.client(CartService);
  await carts.addItem({ cartId: "2", sku: "pear", quantity: 3 });
  await carts.checkout({ cartId: "2" });
  const killing = performance.now();
  await system.service("cart").kill();
  t.comment(`killed in ${Math.round(performance.now() - killing)} ms`);
  await system.service("cart").start();
  t.match(await carts.getCart({ cartId: "2" }), { checkedOut: true });
  const closing = performance.now();
  await system.close();
  t.comment(`closed in ${Math.round(performance.now() - closing)} ms`);
});
