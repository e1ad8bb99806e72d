// What must not compile, and why. `compile.test.ts` has the compiler check each line.
import { defineEntity, persist } from "@samspel/runtime";
import { CartService } from "../../examples/shopping-cart/gen/cart/v1/cart_api_pb.ts";
import { CartEventSchema, CartSchema } from "../../examples/shopping-cart/gen/cart/v1/cart_entity_pb.ts";

const shape = { name: "cart", state: CartSchema, event: CartEventSchema };
const others = { removeItem: () => ({}), checkout: () => ({}), getCart: () => ({}) };
const events = { itemAdded: () => ({}), itemRemoved: () => ({}), checkedOut: () => ({}) };
const add = { case: "itemAdded", value: { sku: "apple", quantity: 1 } } as const;

// What is right compiles, also where handlers leave out their parameters.
defineEntity(CartService, shape, {
  commands: {
    ...others,
    addItem: () => persist(add, add).reply((cart) => ({ items: cart.items })),
    removeItem: async (_, { sku }) => persist({ case: "itemRemoved", value: { sku } }).reply(() => ({})),
    getCart: (cart) => ({ items: cart.items, checkedOut: cart.checkedOut }),
  },
  events: { ...events, itemAdded: (cart, { sku, quantity }) => ({ ...cart, items: { [sku]: quantity } }) },
});

defineEntity(CartService, shape, {
  events,
  // @ts-expect-error a command without a handler
  commands: others,
});

defineEntity(CartService, shape, {
  events,
  // @ts-expect-error a misspelt command
  commands: { ...others, addItem: () => ({}), addItm: () => ({}) },
});

defineEntity(CartService, shape, {
  events,
  commands: {
    ...others,
    // @ts-expect-error a misspelt event
    addItem: () => persist({ case: "itemAddd", value: {} }).reply(() => ({})),
  },
});

defineEntity(CartService, shape, {
  events,
  commands: {
    ...others,
    // @ts-expect-error a misspelt field of an event
    addItem: () => persist({ case: "itemAdded", value: { skuu: "apple" } }).reply(() => ({})),
  },
});

defineEntity(CartService, shape, {
  events,
  commands: {
    ...others,
    // @ts-expect-error a field of the wrong type
    addItem: () => persist({ case: "itemAdded", value: { sku: 1 } }).reply(() => ({})),
  },
});

defineEntity(CartService, shape, {
  events,
  commands: {
    ...others,
    // @ts-expect-error a misspelt field of the reply
    addItem: () => persist(add).reply(() => ({ itemz: {} })),
  },
});

defineEntity(CartService, shape, {
  events,
  commands: {
    ...others,
    // @ts-expect-error the state has no such field
    addItem: () => persist(add).reply((cart) => ({ items: cart.itemz })),
  },
});

defineEntity(CartService, shape, {
  events,
  commands: {
    ...others,
    // @ts-expect-error events without a reply
    addItem: () => persist(add),
  },
});

defineEntity(CartService, shape, {
  commands: { ...others, addItem: () => ({}) },
  // @ts-expect-error an event without a handler
  events: { itemAdded: () => ({}), itemRemoved: () => ({}) },
});

defineEntity(CartService, shape, {
  commands: { ...others, addItem: () => ({}) },
  // @ts-expect-error a misspelt event handler
  events: { ...events, itemAdd: () => ({}) },
});
