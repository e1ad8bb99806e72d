// What must not compile of forgetting, and why. `compile.test.ts` has the compiler check each line.
import { defineEntity, persist } from "@samspel/runtime";
import { CartService } from "../../examples/shopping-cart/gen/cart/v1/cart_api_pb.ts";
import { CartEventSchema, CartSchema } from "../../examples/shopping-cart/gen/cart/v1/cart_entity_pb.ts";

const shape = { name: "cart", state: CartSchema, event: CartEventSchema };
const others = { removeItem: () => ({}), addItem: () => ({}), getCart: () => ({}) };
const events = { itemAdded: () => ({}), itemRemoved: () => ({}), checkedOut: () => ({}) };
const last = { case: "checkedOut", value: {} } as const;

// What is right compiles, also where some events are kept, and where nothing is.
defineEntity(CartService, shape, {
  commands: {
    ...others,
    checkout: () =>
      persist(last)
        .forget()
        .reply((cart) => ({ items: cart.items })),
    getCart: (cart, { cartId }, { revision }) => ({ items: { [cartId]: Number(revision), ...cart.items } }),
  },
  events: { ...events, itemAdded: (cart, { sku }) => ({ ...cart, items: { [sku]: 1 } }) },
  forget: { itemAdded: (event) => ({ ...event, sku: event.sku.slice(0, 1) }), itemRemoved: () => undefined },
});
defineEntity(CartService, shape, {
  commands: {
    ...others,
    checkout: async () =>
      persist(last)
        .forget()
        .reply(() => ({})),
  },
  events,
  forget: "everything",
});

defineEntity(CartService, shape, {
  commands: {
    ...others,
    checkout: () =>
      // @ts-expect-error the entity does not say what remains
      persist(last)
        .forget()
        .reply(() => ({})),
  },
  events,
});

defineEntity(CartService, shape, {
  commands: { ...others, checkout: () => ({}) },
  events,
  // @ts-expect-error an event that there is not
  forget: { itemAdded: () => undefined, itemAddd: () => undefined },
});

defineEntity(CartService, shape, {
  commands: { ...others, checkout: () => ({}) },
  events,
  // @ts-expect-error a field of the wrong type
  forget: { itemAdded: () => ({ sku: 1 }) },
});

defineEntity(CartService, shape, {
  commands: { ...others, checkout: () => ({}) },
  events,
  // @ts-expect-error a part that there is not
  forgt: "everything",
});

defineEntity(CartService, shape, {
  commands: { ...others, checkout: () => ({}) },
  events,
  // @ts-expect-error a word that means nothing
  forget: "all",
});

defineEntity(CartService, shape, {
  commands: {
    ...others,
    checkout: () =>
      // @ts-expect-error a misspelt event is one, too, where the past is forgotten
      persist({ case: "checkedOutt", value: {} })
        .forget()
        .reply(() => ({})),
  },
  events,
  forget: "everything",
});

defineEntity(CartService, shape, {
  commands: {
    ...others,
    // @ts-expect-error forgetting without a reply
    checkout: () => persist(last).forget(),
  },
  events,
  forget: "everything",
});
