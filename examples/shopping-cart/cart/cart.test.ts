// The cart's rules, without any infra: given events, when a command, then events and a reply, or a rejection.
import { Code } from "@connectrpc/connect";
import { accepted, checkEntity, stub, testEntity, type EventInit } from "@samspel/runtime/testing";
import t from "tap";
import type { CartEventSchema } from "../gen/cart/v1/cart_entity_pb.ts";
import { InventoryService } from "../gen/inventory/v1/inventory_api_pb.ts";
import { cart } from "./cart.ts";

type Event = EventInit<typeof CartEventSchema>;

const appleAdded: Event = { case: "itemAdded", value: { sku: "apple", quantity: 2 } };
const checkedOut: Event = { case: "checkedOut", value: {} };

const carts = testEntity(cart, { clients: [stub(InventoryService, { reserve: () => ({}) })], entityId: "7" });

t.test("addItem persists what was added", async (t) => {
  const outcome = await carts.when("addItem", { sku: "apple", quantity: 2 });
  t.match(outcome, { type: "accepted", events: [appleAdded], reply: { items: { apple: 2 } } });
});

t.test("removeItem persists only what was in the cart", async (t) => {
  const story = carts.given(appleAdded);
  t.same(accepted(await story.when("removeItem", { sku: "pear" })).events, []);
  t.match(await story.when("removeItem", { sku: "apple" }), {
    events: [{ case: "itemRemoved", value: { sku: "apple" } }],
    state: { items: {} },
  });
  t.same(Object.keys(story.state.items), []);
});

t.test("checkout reserves what is in the cart, and is done once", async (t) => {
  const story = carts.given(appleAdded, appleAdded);
  t.match(await story.when("checkout", {}), {
    events: [checkedOut],
    calls: [{ method: "reserve", request: { cartId: "7", items: { apple: 4 } } }],
  });
  const again = accepted(await story.when("checkout", {}));
  t.same([again.events, again.calls], [[], []]);
});

t.test("getCart changes nothing", async (t) => {
  const { events, reply } = accepted(await carts.given(appleAdded, checkedOut).when("getCart", {}));
  t.same(events, []);
  t.match(reply, { items: { apple: 2 }, checkedOut: true });
});

t.test("what the rules forbid is rejected", async (t) => {
  const open = () => carts.given(appleAdded);
  const closed = () => carts.given(appleAdded, checkedOut);
  const { InvalidArgument, FailedPrecondition } = Code;
  const refusals = [
    [carts.when("addItem", { sku: "apple", quantity: 0 }), InvalidArgument, /at least 1: current value is 0/],
    [carts.when("addItem", { sku: "apple", quantity: -3 }), InvalidArgument, /current value is -3/],
    [carts.when("addItem", { sku: "", quantity: 1 }), InvalidArgument, /sku must not be empty/],
    [open().when("addItem", { sku: "apple", quantity: 999 }), FailedPrecondition, /at most 1000/],
    [carts.when("checkout", {}), FailedPrecondition, /cart is empty/],
    [closed().when("addItem", { sku: "pear", quantity: 1 }), FailedPrecondition, /cart is checked out/],
    [closed().when("removeItem", { sku: "apple" }), FailedPrecondition, /cart is checked out/],
  ] as const;
  for (const [outcome, code, message] of refusals) {
    t.match(await outcome, { type: "rejected", code, message });
  }
});

t.test("any text is an sku, also one that every object has", async (t) => {
  const story = carts.given();
  t.match(await story.when("addItem", { sku: "constructor", quantity: 1 }), {
    reply: { items: { constructor: 1 } },
  });
  t.same(accepted(await story.when("removeItem", { sku: "toString" })).events, []);
});

t.test("every kind of event folds to a state that can be stored", async () => {
  checkEntity(cart);
});

t.test("these tests leave nothing out", async (t) => {
  t.same(carts.coverage().missed, { commands: [], events: [] });
});
