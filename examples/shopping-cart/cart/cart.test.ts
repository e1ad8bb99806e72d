// The cart's rules, without any infra: given events, when a command, then events or a rejection.
import { create, isMessage, toBinary, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import type { CommandContext } from "@samspel/runtime";
import t from "tap";
import {
  AddItemRequestSchema,
  CheckoutRequestSchema,
  GetCartRequestSchema,
  RemoveItemRequestSchema,
} from "../gen/cart/v1/cart_api_pb.ts";
import { CartEventSchema } from "../gen/cart/v1/cart_entity_pb.ts";
import { cart } from "./cart.ts";

type Event = NonNullable<MessageInitShape<typeof CartEventSchema>["event"]>;

const appleAdded: Event = { case: "itemAdded", value: { sku: "apple", quantity: 2 } };
const checkedOut: Event = { case: "checkedOut", value: {} };
const requests = {
  addItem: AddItemRequestSchema,
  removeItem: RemoveItemRequestSchema,
  checkout: CheckoutRequestSchema,
  getCart: GetCartRequestSchema,
};

function given(events: readonly Event[]): Message {
  return events.reduce(
    (state, event) => cart.fold(state, toBinary(CartEventSchema, create(CartEventSchema, { event }))),
    cart.initialState(),
  );
}

/** Runs a command; inventory has all that is asked for. */
async function when(
  events: readonly Event[],
  command: keyof typeof requests,
  request: object,
): Promise<readonly unknown[]> {
  const reserved: unknown[] = [];
  const context = {
    entityId: "7",
    client: () => ({ reserve: async (request: unknown) => void reserved.push(request) }),
  } as unknown as CommandContext;
  const decision = await cart.decide(command, given(events), create(requests[command], request), context);
  const persisted = decision.events.filter((message) => isMessage(message, CartEventSchema));
  return [...reserved, ...persisted.map(({ event }) => event)];
}

t.test("addItem persists what was added", async (t) => {
  t.match(await when([], "addItem", { sku: "apple", quantity: 2 }), [appleAdded]);
});

t.test("removeItem persists only what was in the cart", async (t) => {
  t.match(await when([appleAdded], "removeItem", { sku: "apple" }), [
    { case: "itemRemoved", value: { sku: "apple" } },
  ]);
  t.same(await when([appleAdded], "removeItem", { sku: "pear" }), []);
});

t.test("checkout reserves what is in the cart, and is done once", async (t) => {
  t.match(await when([appleAdded, appleAdded], "checkout", {}), [
    { cartId: "7", items: { apple: 4 } },
    checkedOut,
  ]);
  t.same(await when([appleAdded, checkedOut], "checkout", {}), []);
});

t.test("getCart changes nothing", async (t) => {
  t.same(await when([appleAdded], "getCart", {}), []);
});

t.test("what the rules forbid is rejected", async (t) => {
  const forbidden: ReadonlyArray<readonly [readonly Event[], keyof typeof requests, object, RegExp]> = [
    [[], "addItem", { sku: "apple", quantity: 0 }, /quantity must be at least 1: current value is 0/],
    [[], "addItem", { sku: "apple", quantity: -3 }, /current value is -3/],
    [[], "addItem", { sku: "", quantity: 1 }, /sku must not be empty/],
    [[appleAdded], "addItem", { sku: "apple", quantity: 999 }, /at most 1000/],
    [[], "checkout", {}, /cart is empty/],
    [[appleAdded, checkedOut], "addItem", { sku: "pear", quantity: 1 }, /cart is checked out/],
    [[appleAdded, checkedOut], "removeItem", { sku: "apple" }, /cart is checked out/],
  ];
  for (const [events, command, request, message] of forbidden) {
    await t.rejects(when(events, command, request), {
      code: "SAMSPEL_REJECTED",
      message,
    });
  }
});
