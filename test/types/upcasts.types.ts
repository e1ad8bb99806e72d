// What must not compile of upcasts, and why. `compile.test.ts` has the compiler check each line.
import { defineEntity, persist, project, publish, type Entity } from "@samspel/runtime";
import { CartService } from "../../examples/shopping-cart/gen/cart/v1/cart_api_pb.ts";
import { CartEventSchema, CartSchema } from "../../examples/shopping-cart/gen/cart/v1/cart_entity_pb.ts";
import { CartTopics } from "../../examples/shopping-cart/gen/cart/v1/cart_topics_pb.ts";

const shape = { name: "cart", state: CartSchema, event: CartEventSchema };
const commands = { addItem: () => ({}), removeItem: () => ({}), checkout: () => ({}), getCart: () => ({}) };
const events = { itemAdded: () => ({}), checkedOut: () => ({}) };

// What is right compiles, wherever the upcasts stand: parameters have their types, and the cases are known.
const cart: Entity<typeof CartService, typeof CartSchema, typeof CartEventSchema, "itemRemoved"> =
  defineEntity(CartService, shape, {
    commands: {
      ...commands,
      addItem: (_, { sku }) =>
        persist({ case: "itemAdded", value: { sku, quantity: 1 } }).reply(({ items }) => ({ items })),
    },
    events: {
      itemAdded: (cart, { sku, quantity }) => ({ ...cart, items: { ...cart.items, [sku]: quantity } }),
      checkedOut: (cart) => ({ ...cart, checkedOut: true }),
    },
    upcasts: { itemRemoved: ({ sku }) => [{ case: "itemAdded", value: { sku, quantity: -1 } }] },
  });
defineEntity(CartService, shape, {
  upcasts: {
    itemRemoved: () => [],
    checkedOut: () => [{ case: "itemRemoved", value: { sku: "chains are fine" } }],
  },
  events: { itemAdded: (cart, { sku }) => ({ ...cart, items: { [sku]: 1 } }) },
  commands,
});
publish(CartTopics.method.checkedOut, cart, {
  checkedOut: (_, { entityId, state }) => ({ cartId: entityId, items: state.items }),
});
project("right", cart, { events: { itemAdded: ({ sku }, { sql }) => sql`select ${sku}` } });
project("batches", cart, {
  async batch(events, { sql }) {
    for (const { case: kind } of events) await sql`select ${kind satisfies "itemAdded" | "checkedOut"}`;
  },
});

defineEntity(CartService, shape, {
  commands,
  // @ts-expect-error a case with an upcast and a handler
  events: { ...events, itemRemoved: () => ({}) },
  upcasts: { itemRemoved: () => [] },
});

defineEntity(CartService, shape, {
  commands,
  // @ts-expect-error a case with neither
  events: { itemAdded: () => ({}) },
  upcasts: { itemRemoved: () => [] },
});

defineEntity(CartService, shape, {
  commands,
  events: { ...events, itemRemoved: () => ({}) },
  // @ts-expect-error a misspelt upcast
  upcasts: { itemRemovd: () => [] },
});

defineEntity(CartService, shape, {
  commands,
  events,
  // @ts-expect-error one event, and no list
  upcasts: { itemRemoved: ({ sku }) => ({ case: "itemAdded", value: { sku } }) },
});

defineEntity(CartService, shape, {
  commands,
  events,
  // @ts-expect-error an event that does not exist
  upcasts: { itemRemoved: ({ sku }) => [{ case: "itemAddd", value: { sku } }] },
});

defineEntity(CartService, shape, {
  commands,
  events,
  // @ts-expect-error a field of the wrong type
  upcasts: { itemRemoved: () => [{ case: "itemAdded", value: { sku: 1 } }] },
});

defineEntity(CartService, shape, {
  commands,
  events,
  // @ts-expect-error the old event has no such field
  upcasts: { itemRemoved: ({ quantity }) => [{ case: "itemAdded", value: { quantity } }] },
});

defineEntity(CartService, shape, {
  commands: {
    ...commands,
    // @ts-expect-error persists a case that is upcast
    removeItem: (_, { sku }) => persist({ case: "itemRemoved", value: { sku } }).reply(() => ({})),
  },
  events,
  upcasts: { itemRemoved: () => [] },
});

// @ts-expect-error publishes a case that never comes
publish(CartTopics.method.checkedOut, cart, { itemRemoved: () => undefined });

// @ts-expect-error projects a case that never comes
project("p", cart, { events: { itemRemoved: () => {} } });
