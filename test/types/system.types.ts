// What of systems under test must not compile, and why. `compile.test.ts` has the compiler check each line.
import { fromProject, startSystem, withSystem, type Edge } from "samspel/testing";
import { startService } from "@samspel/runtime";
import { cart } from "../../examples/shopping-cart/cart/cart.ts";
import { CartService } from "../../examples/shopping-cart/gen/cart/v1/cart_api_pb.ts";
import { CartTopics } from "../../examples/shopping-cart/gen/cart/v1/cart_topics_pb.ts";

await using system = await startSystem({
  dir: import.meta.dirname,
  services: {
    cart: { entities: [cart] },
    function: (settings) => startService({ ...settings, entities: [cart] }),
    file: "../main.ts",
    url: new URL("../main.ts", import.meta.url),
    command: { command: ["python", "-m", "inventory"], env: { A: "b" } },
    project: fromProject("examples/shopping-cart", "inventory"),
  },
});

// What is right compiles, and each answer has its type.
const items: Readonly<Record<string, number>> = (await system.client(CartService).getCart({ cartId: "1" }))
  .items;
const sent: string = (await system.tell(CartService.method.checkout, { cartId: "1" })).id;
const carts: readonly string[] = (await system.published(CartTopics.method.checkedOut)).map(
  ({ message }) => message.cartId,
);
const published: string = await system.publish(CartTopics.method.checkedOut, { cartId: "1" }, { id: "a" });
const edge: Edge = system.between("cart", "project");
const value: number = await system.until("it is there", () => (carts.length > 0 ? 7 : false));
const result: string = await withSystem({ services: { cart: { entities: [cart] } } }, async (own) =>
  own.logs(),
);
console.log(items, sent, published, edge.name, value, result);
system.between("test", "cart").delay(50).limit(1_000).drop({ only: "answers" }).lift();
system.between("cart", "postgres").cut()[Symbol.dispose]();
{
  using _ = system.service("cart").freeze();
  await using __ = system.nats.cut();
}

// @ts-expect-error a misspelt service
system.service("crat");

// @ts-expect-error a misspelt end of an edge
system.between("cart", "inventori");

// @ts-expect-error infra calls nobody
system.between("postgres", "cart");

// @ts-expect-error a direction that is none
system.between("cart", "url").drop({ only: "sideways" });

// @ts-expect-error a delay of no number
system.between("cart", "url").delay("50ms");

// @ts-expect-error a method that is no topic
await system.published(CartService.method.checkout);

// @ts-expect-error a misspelt field of a published message
await system.publish(CartTopics.method.checkedOut, { cartid: "1" });

// @ts-expect-error a misspelt field of a told request
await system.tell(CartService.method.checkout, { cartid: "1" });

// @ts-expect-error a topic cannot be told
await system.tell(CartTopics.method.checkedOut, {});

// @ts-expect-error a misspelt part
await startSystem({ services: { cart: { entitys: [cart] } } });

// @ts-expect-error the database is the system's
await startSystem({ services: { cart: { entities: [cart], databaseUrl: "postgres://host/tests" } } });

// @ts-expect-error a command without a program
await startSystem({ services: { cart: { command: [] } } });

// @ts-expect-error a function that starts nothing that could be stopped
await startSystem({ services: { cart: async () => {} } });

// @ts-expect-error a registry that there is not
await startSystem({ services: { cart: { entities: [cart] } }, registry: "zookeeper" });
