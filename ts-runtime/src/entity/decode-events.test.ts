import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import t from "tap";
import { CartService } from "../../../examples/shopping-cart/gen/cart/v1/cart_api_pb.ts";
import { CartEventSchema, CartSchema } from "../../../examples/shopping-cart/gen/cart/v1/cart_entity_pb.ts";
import { checkEventHandlers } from "./check-event-handlers.ts";
import type { CommandContext } from "./command-context.ts";
import { defineEntity } from "./define-entity.ts";
import { Effect } from "./effect.ts";
import { fingerprint } from "./fingerprint.ts";

const shape = { name: "cart", state: CartSchema, event: CartEventSchema };
const commands = { addItem: () => ({}), removeItem: () => ({}), checkout: () => ({}), getCart: () => ({}) };

/** An entity in which an item is removed by adding less of it. */
const cart = defineEntity(CartService, shape, {
  commands: {
    ...commands,
    removeItem: () =>
      new Effect([{ case: "itemRemoved", value: { sku: "apple" } }], () => ({}), [], false) as never,
  },
  events: {
    itemAdded: (cart, { sku, quantity }) => ({
      ...cart,
      items: { ...cart.items, [sku]: (cart.items[sku] ?? 0) + quantity },
    }),
    checkedOut: (cart) => ({ ...cart, checkedOut: true }),
  },
  upcasts: { itemRemoved: ({ sku }) => [{ case: "itemAdded", value: { sku, quantity: -1 } }] },
});

const stored = (event: MessageInitShape<typeof CartEventSchema>["event"]): Uint8Array =>
  toBinary(CartEventSchema, create(CartEventSchema, event === undefined ? {} : { event }));
const removed = stored({ case: "itemRemoved", value: { sku: "apple" } });

/** Upcasts as callers without types may write them. */
const decoding = (upcasts: object): (() => unknown) => {
  const kinds = ["itemAdded", "itemRemoved", "checkedOut"].filter((kind) => !(kind in upcasts));
  const events = Object.fromEntries(kinds.map((kind) => [kind, () => ({})]));
  const entity = defineEntity(CartService, shape, { commands, events, upcasts } as never);
  return () => entity.decodeEvents(removed);
};

t.test("decodeEvents() gives what the upcast of an old case yields, and fold() its state", async (t) => {
  t.match(cart.decodeEvents(removed), [{ case: "itemAdded", value: { sku: "apple", quantity: -1 } }]);
  t.match(cart.fold(cart.initialState(), removed), { items: { apple: -1 } });
  t.match(cart.decodeEvents(stored({ case: "checkedOut", value: {} })), [{ case: "checkedOut" }]);
});

t.test("decodeEvents() follows chains of upcasts, in order, to several events or none", async (t) => {
  const decode = decoding({
    itemRemoved: () => [
      { case: "checkedOut", value: {} },
      { case: "itemAdded", value: { sku: "pear" } },
      { case: "checkedOut", value: {} },
    ],
    checkedOut: () => [
      { case: "itemAdded", value: { sku: "a" } },
      { case: "itemAdded", value: { sku: "b" } },
    ],
  });
  t.match(
    (decode() as { value: { sku: string } }[]).map(({ value }) => value.sku),
    ["a", "b", "pear", "a", "b"],
  );
  t.same(decoding({ itemRemoved: () => [] })(), []);
});

t.test("decodeEvents() names upcasts that go round in a circle", async (t) => {
  t.throws(
    decoding({
      itemRemoved: () => [{ case: "checkedOut", value: {} }],
      checkedOut: () => [{ case: "itemRemoved", value: { sku: "apple" } }],
    }),
    new TypeError(
      "Upcasts of entity cart must not lead back to themselves: itemRemoved → checkedOut → itemRemoved goes round in a circle",
    ),
  );
  t.throws(
    decoding({ itemRemoved: () => [{ case: "itemRemoved", value: {} }] }),
    /itemRemoved → itemRemoved goes/,
  );
});

t.test("decodeEvents() names the upcast that yields what is no event", async (t) => {
  const yielding = (value: unknown): (() => unknown) => decoding({ itemRemoved: () => value });
  t.throws(yielding(undefined), /^Upcast itemRemoved .* must return a list .* it returned undefined$/);
  t.throws(yielding({ case: "itemAdded", value: {} }), /it returned object$/);
  t.throws(yielding([{ case: "itemAddd", value: {} }]), /cart\.v1\.CartEvent, .*: it yielded "itemAddd"$/);
  t.throws(yielding([7]), /it yielded "number"$/);
  t.throws(yielding([{ case: "itemAdded", value: { skuu: "" } }]), /cart\.v1\.ItemAdded has no field "skuu"/);
});

t.test("decodeEvents() names entity and revision of an event that this version does not know", async (t) => {
  const unknownCase = Uint8Array.of(0x7a, 0x00);
  t.throws(() => cart.decodeEvents(unknownCase, { entityId: "7", revision: 3n }), {
    code: "SAMSPEL_EVENT_UNKNOWN",
    message:
      'Cannot read cart "7", revision 3: cart.v1.CartEvent has no case 15 in this version of the service; deploy one that does',
    metadata: { entityType: "cart", entityId: "7", revision: "3", case: "15" },
  });
  t.throws(() => cart.decodeEvents(Uint8Array.of(0x0a, 0x7f), { entityId: "7", revision: 3n }), {
    code: "SAMSPEL_JOURNAL_CORRUPT",
    message: 'Cannot read cart "7", revision 3: its bytes are no cart.v1.CartEvent',
  });
});

t.test("decide() refuses to persist a case that is upcast", async (t) => {
  t.throws(
    () => cart.decide("removeItem", cart.initialState(), create(CartSchema), {} as CommandContext),
    new TypeError(
      "Command removeItem of entity cart must not persist itemRemoved, as it has an upcast: persist what it becomes",
    ),
  );
});

t.test(
  "defineEntity() names a case with both an upcast and a handler, and an upcast of no case",
  async (t) => {
    const handler = (): object => ({});
    const events = { itemAdded: handler, itemRemoved: handler, checkedOut: handler };
    const define = (upcasts: object) => () => defineEntity(CartService, shape, { commands, events, upcasts });
    t.throws(define({ itemRemoved: () => [] }), /Unknown event handler of entity cart: itemRemoved/);
    t.throws(
      define({ itemRemovd: () => [] }),
      /Unknown upcast of entity cart: itemRemovd; there are itemAdded,/,
    );
    t.throws(
      define({ itemRemoved: [] }),
      /Upcast itemRemoved of entity cart must be a function: it is object/,
    );
  },
);

t.test("checkEventHandlers() refuses a handler of a case that is upcast", async (t) => {
  t.throws(() => checkEventHandlers("projection sales", cart, { itemRemoved: () => {} }), {
    code: "SAMSPEL_INVALID_CONFIGURATION",
    message:
      "Event handler itemRemoved of projection sales would never run, as entity cart upcasts it: handle what it becomes",
  });
});

t.test(
  "fingerprint() tells entities with other upcasts apart: their old snapshots are passed over",
  async (t) => {
    const upcasts = (...kinds: string[]) => fingerprint({ ...cart, upcasts: new Set(kinds) });
    t.equal(upcasts("itemRemoved"), fingerprint(cart));
    t.equal(upcasts("itemRemoved", "checkedOut"), upcasts("checkedOut", "itemRemoved"));
    t.equal(new Set([upcasts(), upcasts("itemRemoved"), upcasts("checkedOut")]).size, 3);
  },
);
