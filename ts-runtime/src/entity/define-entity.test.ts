import { create, toBinary, type DescMessage } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import t from "tap";
import { CartService } from "../../../examples/shopping-cart/gen/cart/v1/cart_api_pb.ts";
import {
  CartEventSchema,
  CartSchema,
  ItemAddedSchema,
} from "../../../examples/shopping-cart/gen/cart/v1/cart_entity_pb.ts";
import { PopularItemsService } from "../../../examples/shopping-cart/gen/popular/v1/popular_items_api_pb.ts";
import { reject } from "../errors/index.ts";
import type { CommandContext } from "./command-context.ts";
import { defineEntity } from "./define-entity.ts";
import { Effect, persist } from "./effect.ts";
import type { Entity } from "./entity.ts";

const shape = { name: "cart", state: CartSchema, event: CartEventSchema };
const commands = {
  removeItem: () => ({}),
  checkout: () => {
    throw reject(Code.FailedPrecondition, "cart is empty");
  },
  getCart: () => ({}),
};
const events = {
  itemAdded: () => ({ items: { apple: 2 } }),
  itemRemoved: () => ({}),
  checkedOut: () => ({}),
};
const twoApples = { case: "itemAdded", value: { sku: "apple", quantity: 2 } } as const;
const cart = () =>
  defineEntity(CartService, shape, {
    commands: { ...commands, addItem: () => persist(twoApples).reply((cart) => ({ items: cart.items })) },
    events,
  });
const context = { entityId: "1" } as CommandContext;

t.test("decide() gives messages: the events, and the reply from the state after them", async (t) => {
  const entity = cart();
  const decision = await entity.decide("addItem", entity.initialState(), create(CartSchema), context);
  t.match(decision.events, [
    { $typeName: "cart.v1.CartEvent", event: { case: "itemAdded", value: { sku: "apple", quantity: 2 } } },
  ]);
  const state = decision.events.reduce(
    (state, event) => entity.fold(state, toBinary<DescMessage>(CartEventSchema, event)),
    entity.initialState(),
  );
  t.match(decision.reply(state), { $typeName: "cart.v1.AddItemResponse", items: { apple: 2 } });
});

t.test("decide() lets a rejection pass as it was thrown", async (t) => {
  const entity = cart();
  t.throws(() => entity.decide("checkout", entity.initialState(), create(CartSchema), context), {
    code: "SAMSPEL_REJECTED",
    message: "cart is empty",
  });
});

t.test("decide() refuses events of a method that promises to change nothing", async (t) => {
  const lying = defineEntity(CartService, shape, {
    commands: {
      ...commands,
      addItem: () => ({}),
      getCart: () => persist(twoApples).reply(() => ({})),
    },
    events,
  });
  t.throws(() => lying.decide("getCart", lying.initialState(), create(CartSchema), context), {
    name: "TypeError",
    message: "Command getCart of entity cart is NO_SIDE_EFFECTS, and so must not persist events",
  });
});

t.test("decide() refuses to forget without an event, and where nobody says what remains", async (t) => {
  const forgetting = (policy: object, ...persisted: readonly (typeof twoApples)[]) =>
    defineEntity(CartService, shape, {
      commands: { ...commands, addItem: () => new Effect(persisted, () => ({}), [], true) },
      events,
      ...policy,
    } as never);
  const decide = async (entity: Pick<Entity, "decide" | "initialState">) =>
    entity.decide("addItem", entity.initialState(), create(CartSchema), context);
  await t.rejects(decide(forgetting({}, twoApples)), {
    name: "TypeError",
    message:
      /addItem of entity cart must not forget, as the entity does not say what remains: give it `forget`/,
  });
  await t.rejects(decide(forgetting({ forget: "everything" })), {
    name: "TypeError",
    message: /addItem of entity cart must persist an event to forget/,
  });
  const scheduling = defineEntity(CartService, shape, {
    commands: {
      ...commands,
      addItem: () =>
        persist(twoApples)
          .cancel("reminder")
          .forget()
          .reply(() => ({})),
    },
    events,
    forget: "everything",
  });
  await t.rejects(decide(scheduling), {
    name: "TypeError",
    message: /addItem of entity cart must not change timers, as it forgets: all timers are cancelled/,
  });
  t.match(await decide(forgetting({ forget: "everything" }, twoApples)), { forgets: true });
  t.match(await decide(cart()), { forgets: false });
});

t.test("decodeEvents() refuses a case that this version does not know", async (t) => {
  const unknownCase = Uint8Array.of(0x7a, 0x00);
  t.throws(() => cart().decodeEvents(unknownCase), { code: "SAMSPEL_EVENT_UNKNOWN" });
  const known = create(CartEventSchema, {
    event: { case: "itemAdded", value: create(ItemAddedSchema, { sku: "pear" }) },
  });
  t.match(cart().decodeEvents(toBinary(CartEventSchema, known)), [
    { case: "itemAdded", value: { sku: "pear" } },
  ]);
  t.same(cart().decodeEvents(new Uint8Array()), [], "an erased event means nothing");
});

t.test("defineEntity() names what does not fit", async (t) => {
  const refuse = (define: () => unknown, message: RegExp): unknown =>
    t.throws(define, { code: "SAMSPEL_INVALID_CONFIGURATION", message });
  refuse(
    () => defineEntity(CartService, { ...shape, name: "Cart" }, { commands: commands as never, events }),
    /Entity name .* current value is "Cart"/,
  );
  refuse(
    () =>
      defineEntity(
        CartService,
        { ...shape, event: CartSchema },
        {
          commands: commands as never,
          events,
        },
      ),
    /cart\.v1\.Cart must be one oneof of messages: it has no oneof/,
  );
  refuse(
    () => defineEntity(PopularItemsService, shape, {} as never),
    /popular\.v1\.ListPopularItemsRequest .* needs a key: mark one string field/,
  );
  refuse(
    () => defineEntity(CartService, shape, { commands: commands as never, events }),
    /Missing command handler of entity cart: addItem/,
  );
  refuse(
    () =>
      defineEntity(CartService, shape, {
        commands: { ...commands, addItem: () => ({}) },
        events: { ...events, addd: () => ({}) } as never,
      }),
    /Unknown event handler of entity cart: addd/,
  );
});
