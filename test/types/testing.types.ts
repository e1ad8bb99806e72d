// What of the test kit must not compile, and why. `compile.test.ts` has the compiler check each line.
import {
  accepted,
  checkEntity,
  rejected,
  startTestService,
  stub,
  testEntity,
  type EventInit,
} from "@samspel/runtime/testing";
import { cart } from "../../examples/shopping-cart/cart/cart.ts";
import type { CartEventSchema } from "../../examples/shopping-cart/gen/cart/v1/cart_entity_pb.ts";
import { InventoryService } from "../../examples/shopping-cart/gen/inventory/v1/inventory_api_pb.ts";

const carts = testEntity(cart, { clients: [stub(InventoryService, { reserve: () => ({}) })] });
const appleAdded: EventInit<typeof CartEventSchema> = {
  case: "itemAdded",
  value: { sku: "apple", quantity: 1 },
};

// What is right compiles, and each outcome has the types of its command.
const outcome = await carts.given(appleAdded, { case: "checkedOut", value: {} }).when("getCart", {});
if (outcome.type === "accepted") {
  const done: boolean = outcome.reply.checkedOut;
  const cases: readonly ("itemAdded" | "itemRemoved" | "checkedOut")[] = outcome.events.map(
    (event) => event.case,
  );
  console.log(done, cases);
} else {
  const code: number = outcome.code;
  console.log(code, outcome.message);
}
const reply: Readonly<Record<string, number>> = accepted(await carts.when("addItem", { sku: "a" })).reply
  .items;
const missed: readonly ("addItem" | "removeItem" | "checkout" | "getCart")[] =
  carts.coverage().missed.commands;
console.log(reply, missed, rejected(outcome).metadata, carts.given().state.items);
checkEntity(cart, { given: [appleAdded], samples: { itemAdded: [{ sku: "apple", quantity: 1 }] }, count: 2 });

// @ts-expect-error a misspelt command
await carts.when("addItm", {});

// @ts-expect-error a misspelt field of a request
await carts.when("addItem", { skuu: "apple" });

// @ts-expect-error a field of the wrong type
await carts.when("addItem", { sku: 1 });

// @ts-expect-error a field of another command's request
await carts.when("checkout", { sku: "apple" });

// @ts-expect-error a command without a request
await carts.when("checkout");

// @ts-expect-error a misspelt case
carts.given({ case: "itemAddd", value: {} });

// @ts-expect-error a misspelt field of an event
carts.given({ case: "itemAdded", value: { skuu: "apple" } });

// @ts-expect-error a field of another case
carts.given({ case: "checkedOut", value: { sku: "apple" } });

// @ts-expect-error the reply has no such field
console.log(accepted(outcome).reply.itemz);

// @ts-expect-error only an accepted outcome has a reply
console.log(outcome.reply);

// @ts-expect-error a misspelt method of a stub
stub(InventoryService, { reserv: () => ({}) });

// @ts-expect-error a misspelt field of a stub's reply
stub(InventoryService, { getStock: () => ({ stok: {} }) });

// @ts-expect-error a misspelt case
checkEntity(cart, { samples: { itemAddd: [] } });

// @ts-expect-error a misspelt field of a sample
checkEntity(cart, { samples: { itemAdded: [{ skuu: "apple" }] } });

await using service = await startTestService({ entities: [cart], databaseUrl: "postgres://host/tests" });
await using other = await startTestService({ name: "other", beside: service });
const value: number = await service.eventually("it is there", () => Promise.resolve(1));
console.log(value, other.url);

// @ts-expect-error a service beside another one has that one's infra
await startTestService({ beside: service, databaseUrl: "postgres://host/tests" });

// @ts-expect-error the schema is the test's own
await startTestService({ entities: [cart], schema: "cart" });

// @ts-expect-error a misspelt part
await startTestService({ entitys: [cart] });
