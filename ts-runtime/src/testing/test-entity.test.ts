// The kit over the example's cart, which is right, and over entities that are each wrong in one way.
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import * as fc from "fast-check";
import t from "tap";
import { CartService, type AddItemRequest } from "../../../examples/shopping-cart/gen/cart/v1/cart_api_pb.ts";
import { cart } from "../../../examples/shopping-cart/cart/cart.ts";
import { InventoryService } from "../../../examples/shopping-cart/gen/inventory/v1/inventory_api_pb.ts";
import { commandId } from "../client/index.ts";
import { defineEntity, persist } from "../entity/index.ts";
import { reject } from "../errors/index.ts";
import { accepted, rejected, stub, testEntity } from "./index.ts";

const appleAdded = { case: "itemAdded", value: { sku: "apple", quantity: 2 } } as const;
const inventory = stub(InventoryService, { reserve: () => ({}) });

t.test("when() gives the events, the state and the reply of a command", async (t) => {
  const carts = testEntity(cart, { clients: [inventory], entityId: "7" });
  const outcome = await carts.given(appleAdded, appleAdded).when("checkout", {});
  t.match(outcome, {
    type: "accepted",
    events: [{ case: "checkedOut" }],
    state: { items: { apple: 4 }, checkedOut: true },
    revision: 3n,
    reply: { items: { apple: 4 } },
    calls: [
      {
        service: "inventory.v1.InventoryService",
        method: "reserve",
        request: { cartId: "7", items: { apple: 4 } },
      },
    ],
  });
});

t.test("when() gives a rejection as an outcome, and the entity stays where it stood", async (t) => {
  const story = testEntity(cart).given(appleAdded);
  const outcome = await story.when("addItem", { sku: "apple", quantity: 999 });
  t.match(outcome, {
    type: "rejected",
    code: Code.FailedPrecondition,
    message: "a cart holds at most 1000 of an item",
    state: { items: { apple: 2 } },
    revision: 1n,
  });
  const { calls, metadata, details } = rejected(outcome);
  t.same([calls, metadata, details], [[], {}, []]);
  t.match(story, { revision: 1n, state: { items: { apple: 2 } } });
});

t.test("a story goes on from where it stands, one command after the other (J1)", async (t) => {
  const story = testEntity(cart, { clients: [inventory] }).given();
  const outcomes = await Promise.all([
    story.when("addItem", { sku: "apple", quantity: 1 }),
    story.when("addItem", { sku: "apple", quantity: 2 }),
    story.when("checkout", {}),
    story.when("addItem", { sku: "pear", quantity: 1 }),
    story.when("getCart", {}),
  ]);
  t.match(
    outcomes.map(({ type, revision }) => [type, revision]),
    [
      ["accepted", 1n],
      ["accepted", 2n],
      ["accepted", 3n],
      ["rejected", 3n],
      ["accepted", 3n],
    ],
  );
  t.same({ ...story.state.items }, { apple: 3 });
});

t.test("stories of one test do not know each other", async (t) => {
  const carts = testEntity(cart);
  await carts.when("addItem", { sku: "apple", quantity: 1 });
  const { reply, revision } = accepted(await carts.when("getCart", {}));
  t.same([{ ...reply.items }, revision], [{}, 0n]);
});

t.test("what a called service says no with is a rejection; nothing is persisted", async (t) => {
  const short = stub(InventoryService, {
    reserve() {
      throw reject(Code.FailedPrecondition, "apples are short", { metadata: { sku: "apple" } });
    },
  });
  const outcome = await testEntity(cart, { clients: [short] })
    .given(appleAdded)
    .when("checkout", {});
  t.match(outcome, { type: "rejected", code: Code.FailedPrecondition, message: "apples are short" });
  t.equal(outcome.revision, 1n);
  t.equal(outcome.calls.length, 1);

  const broken = stub(InventoryService, {
    reserve() {
      throw new ConnectError("away", Code.Unavailable);
    },
  });
  t.match(
    await testEntity(cart, { clients: [broken] })
      .given(appleAdded)
      .when("checkout", {}),
    {
      type: "rejected",
      code: Code.Unavailable,
      message: "away",
    },
  );
});

t.test("a call without a stub is named", async (t) => {
  await t.rejects(testEntity(cart).given(appleAdded).when("checkout", {}), {
    name: "EntityDefect",
    message:
      "Entity cart: command handler checkout calls inventory.v1.InventoryService.reserve, for which there is no stub: " +
      "give one in `clients` of testEntity, with that method",
  });
  const clients = [stub(InventoryService, {})];
  await t.rejects(testEntity(cart, { clients }).given(appleAdded).when("checkout", {}), {
    message: /command handler checkout calls inventory\.v1\.InventoryService\.reserve, /,
  });
});

t.test("a handler gets the circumstances of its call, and the request with its key", async (t) => {
  const seen: unknown[] = [];
  const curious = defineEntity(
    CartService,
    { name: "cart", state: cart.state, event: cart.event },
    {
      commands: {
        addItem(_, request: AddItemRequest, { entityId, revision, commandId, requestHeader, signal }) {
          seen.push(
            request.cartId,
            entityId,
            revision,
            commandId,
            requestHeader.get("x-user"),
            signal.aborted,
          );
          return {};
        },
        removeItem: () => ({}),
        checkout: () => ({}),
        getCart: () => ({}),
      },
      events: { itemAdded: (cart) => cart, itemRemoved: (cart) => cart, checkedOut: (cart) => cart },
    },
  );
  const story = testEntity(curious).given(appleAdded);
  await story.when(
    "addItem",
    {},
    { headers: { "x-user": "u", ...commandId("c").headers }, signal: AbortSignal.abort() },
  );
  await story.when("addItem", { cartId: "cart-1" });
  t.same(seen, ["cart-1", "cart-1", 1n, "c", "u", true, "cart-1", "cart-1", 1n, undefined, null, false]);
  await t.rejects(story.when("addItem", { cartId: "8" }), {
    name: "RangeError",
    message:
      'Cannot send addItem to entity "cart-1" as its cart_id is "8": leave cart_id out, or set entityId of testEntity',
  });
});

t.test("who has no types gets an error that names what there is", async (t) => {
  const carts = testEntity(cart);
  await t.rejects(carts.when("addItm" as "addItem", {}), {
    message: 'Entity cart has no command "addItm": there are addItem, removeItem, checkout, getCart',
  });
  await t.rejects(carts.when("addItem", { skuu: "a" } as object), { message: /has no field "skuu"/ });
  t.throws(() => carts.given({ case: "itemAdded", value: { skuu: "a" } as object }), {
    message: /has no field "skuu"/,
  });
});

t.test("coverage() tells what no story has run", async (t) => {
  const carts = testEntity(cart, { clients: [inventory] });
  t.same(carts.coverage().missed, {
    commands: ["addItem", "removeItem", "checkout", "getCart"],
    events: ["itemAdded", "itemRemoved", "checkedOut"],
  });
  await carts.given(appleAdded).when("checkout", {});
  await carts.when("addItem", { sku: "" });
  t.same(carts.coverage(), {
    exercised: { commands: ["addItem", "checkout"], events: ["itemAdded", "checkedOut"] },
    missed: { commands: ["removeItem", "getCart"], events: ["itemRemoved"] },
  });
});

t.test("accepted() and rejected() narrow an outcome, or say what it is", async (t) => {
  const carts = testEntity(cart);
  const yes = await carts.when("addItem", { sku: "apple", quantity: 1 });
  const no = await carts.when("addItem", { sku: "" });
  t.same({ ...accepted(yes).reply.items }, { apple: 1 });
  t.equal(rejected(no).code, Code.InvalidArgument);
  t.throws(() => accepted(no), { message: "The command was rejected: sku must not be empty" });
  t.throws(() => rejected(yes), { message: "The command was accepted, with itemAdded" });
  t.throws(() => rejected({ ...yes, events: [] }), { message: "The command was accepted, with no events" });
});

t.test("a NO_SIDE_EFFECTS command that persists events is a defect", async (t) => {
  const lying = defineEntity(
    CartService,
    { name: "cart", state: cart.state, event: cart.event },
    {
      commands: {
        addItem: () => ({}),
        removeItem: () => ({}),
        checkout: () => ({}),
        getCart: () => persist(appleAdded).reply(() => ({})),
      },
      events: { itemAdded: (cart) => cart, itemRemoved: (cart) => cart, checkedOut: (cart) => cart },
    },
  );
  await t.rejects(testEntity(lying).when("getCart", {}), {
    name: "EntityDefect",
    message: /command handler getCart fails: .*NO_SIDE_EFFECTS, and so must not persist events/,
  });
});

t.test("after any commands, the state is the fold of the stored events", async (t) => {
  const sku = fc.constantFrom("apple", "pear", "toString", "1");
  const command = fc.oneof(
    fc.record({ name: fc.constant("addItem" as const), sku, quantity: fc.integer({ min: -1, max: 600 }) }),
    fc.record({ name: fc.constant("removeItem" as const), sku }),
    fc.record({ name: fc.constant("checkout" as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 12 }), async (commands) => {
      const story = testEntity(cart, { clients: [inventory] }).given();
      let folded = cart.initialState();
      for (const { name, ...request } of commands) {
        const outcome = await story.when(name, request);
        if (outcome.type === "rejected") continue;
        for (const event of outcome.events)
          folded = cart.fold(folded, toBinary(cart.event, create(cart.event, { event })));
        t.same(folded, outcome.state);
      }
    }),
  );
});

t.test("a command that forgets leaves what remains, and events that follow build on it", async (t) => {
  const forgetful = defineEntity(
    CartService,
    { name: "cart", state: cart.state, event: cart.event },
    {
      commands: {
        addItem: (_, { sku, quantity }) =>
          persist({ case: "itemAdded", value: { sku, quantity } }).reply(({ items }) => ({ items })),
        removeItem: () => ({}),
        checkout: () =>
          persist({ case: "checkedOut", value: {} })
            .forget()
            .reply(({ items }) => ({ items })),
        getCart: () => ({}),
      },
      events: {
        itemAdded: (before, { sku, quantity }) => ({
          ...before,
          items: { ...before.items, [sku]: quantity },
        }),
        itemRemoved(before, { sku }) {
          if (before.items[sku] === undefined) throw new RangeError(`no ${sku} is there`);
          return before;
        },
        checkedOut: (before) => ({ ...before, checkedOut: true }),
      },
      forget: { itemAdded: (event) => (event.sku === "apple" ? undefined : { ...event, quantity: 0 }) },
    },
  );
  const pearAdded = { case: "itemAdded", value: { sku: "pear", quantity: 3 } } as const;
  const story = testEntity(forgetful).given(appleAdded, pearAdded);
  t.match(await story.when("checkout", {}), {
    events: [{ case: "checkedOut" }],
    reply: { items: { pear: 0 } },
    revision: 3n,
  });
  t.strictSame(Object.keys(story.state.items), ["pear"]);
  t.match(await story.when("addItem", { sku: "apple", quantity: 1 }), {
    reply: { items: { apple: 1, pear: 0 } },
  });

  const appleRemoved = { case: "itemRemoved", value: { sku: "apple" } } as const;
  await t.rejects(testEntity(forgetful).given(appleAdded, appleRemoved).when("checkout", {}), {
    name: "EntityDefect",
    message: /event handler itemRemoved fails: RangeError: no apple is there/,
  });
});
