// The shop whole, while parts of it fail: the cart in TypeScript, the inventory in Python, with what lies between them.
import { Code } from "@connectrpc/connect";
import { fromProject, startSystem } from "samspel/testing";
import t from "tap";
import { cart } from "./cart/cart.ts";
import { checkedOut } from "./cart/topics.ts";
import { CartService } from "./gen/cart/v1/cart_api_pb.ts";
import { CartTopics } from "./gen/cart/v1/cart_topics_pb.ts";
import { InventoryService } from "./gen/inventory/v1/inventory_api_pb.ts";

// The first time, the packages of the inventory are installed.
t.test("a checkout takes the stock once, whatever fails in the middle of it", async (t) => {
  await using system = await startSystem({
    dir: import.meta.dirname,
    services: {
      cart: { entities: [cart], topics: [checkedOut] },
      inventory: fromProject(".", "inventory"),
    },
  });
  const carts = system.client(CartService);
  const inventory = system.client(InventoryService);
  const before = (await inventory.getStock({ skus: ["apple"] })).stock["apple"];

  /** Puts an apple into a cart, and checks it out. */
  const buy = async (cartId: string): Promise<void> => {
    await carts.addItem({ cartId, sku: "apple", quantity: 1 });
    await carts.checkout({ cartId });
  };
  await buy("calm");

  await t.test("the answer of the inventory is lost: it is asked again", async () => {
    const edge = system.between("cart", "inventory");
    const lost = edge.drop({ only: "answers" });
    const checkout = buy("answer-lost");
    await lost.struck();
    edge.reset();
    lost.lift();
    await checkout;
  });

  await t.test("the cart dies when the stock is reserved: its customer tries again", async (t) => {
    {
      using lost = system.between("cart", "inventory").drop({ only: "answers" });
      const checkout = t.rejects(buy("cart-killed"));
      await lost.struck();
      await system.service("cart").kill();
      await checkout;
    }
    await system.service("cart").start();
    await carts.checkout({ cartId: "cart-killed" });
  });

  await t.test(
    "the inventory is without its database: nobody answers in time, and the customer tries again",
    async (t) => {
      {
        using cut = system.between("inventory", "postgres").cut();
        await carts.addItem({ cartId: "no-database", sku: "apple", quantity: 1 });
        await t.rejects(carts.checkout({ cartId: "no-database" }, { timeoutMs: 1_000 }), {
          code: Code.DeadlineExceeded,
        });
        await cut.struck();
      }
      await system.until("the checkout gets through", () => carts.checkout({ cartId: "no-database" }));
    },
  );

  await t.test("NATS is away: checkouts go on, and are told when it is back", async (t) => {
    using cut = system.nats.cut();
    await cut.struck();
    await buy("no-broker");
    const published = await system.published(CartTopics.method.checkedOut);
    t.notOk(published.some(({ key }) => key === "no-broker"));
  });

  const bought = ["answer-lost", "calm", "cart-killed", "no-broker", "no-database"];
  for (const cartId of bought)
    await system.until(`the order of ${cartId} has arrived`, () => inventory.getOrder({ cartId }), {
      timeoutMs: 30_000,
    });
  const published = await system.published(CartTopics.method.checkedOut);
  t.same(published.map(({ message }) => message.cartId).toSorted(), bought, "each is published once");
  const after = (await inventory.getStock({ skus: ["apple"] })).stock["apple"];
  t.match(after, { sold: bought.length, reserved: 0, onHand: (before?.onHand ?? 0) - bought.length });
});
