// The cart service whole, on real infra: its entity, its topic, and the warehouse that it asks.
import { Code } from "@connectrpc/connect";
import { reject, serve, subscribe } from "@samspel/runtime";
import { startTestService } from "@samspel/runtime/testing";
import t from "tap";
import { CartService } from "../gen/cart/v1/cart_api_pb.ts";
import { CartTopics } from "../gen/cart/v1/cart_topics_pb.ts";
import { InventoryService } from "../gen/inventory/v1/inventory_api_pb.ts";
import { cart } from "./cart.ts";
import { checkedOut } from "./topics.ts";

/** A warehouse that has pears, and nothing else. */
const warehouse = serve(InventoryService, {
  reserve({ items }) {
    const missing = Object.keys(items).filter((sku) => sku !== "pear");
    if (missing.length > 0) throw reject(Code.FailedPrecondition, `short of ${missing.join(", ")}`);
    return Promise.resolve({});
  },
  getStock: async () => ({}),
  getOrder: async () => ({}),
});

t.test("a cart that inventory can fill is checked out, and the topic tells it", async (t) => {
  const told: string[] = [];
  await using service = await startTestService({ name: "cart", entities: [cart], topics: [checkedOut] });
  await using _ = await startTestService({
    name: "inventory",
    beside: service,
    services: [warehouse],
    subscriptions: [
      subscribe(CartTopics.method.checkedOut, {
        group: "inventory",
        handler: ({ cartId, items }) => void told.push(`${cartId}: ${JSON.stringify(items)}`),
      }),
    ],
  });
  const carts = service.client(CartService);

  await carts.addItem({ cartId: "1", sku: "apple", quantity: 1 });
  await t.rejects(carts.checkout({ cartId: "1" }), {
    code: Code.FailedPrecondition,
    rawMessage: "short of apple",
  });

  await carts.addItem({ cartId: "2", sku: "pear", quantity: 3 });
  await carts.checkout({ cartId: "2" });
  await service.restart();
  t.match(await carts.getCart({ cartId: "2" }), { items: { pear: 3 }, checkedOut: true });
  await service.eventually("the checkout is told", () => told.length > 0);
  t.same(told, ['2: {"pear":3}']);
});
