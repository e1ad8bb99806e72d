import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, StructSchema } from "@bufbuild/protobuf/wkt";
import t from "tap";
import { CartEventSchema, CartSchema } from "../../../examples/shopping-cart/gen/cart/v1/cart_entity_pb.ts";
import { GetStockResponseSchema } from "../../../examples/shopping-cart/gen/inventory/v1/inventory_api_pb.ts";
import { deepFreeze } from "./deep-freeze.ts";
import { toMessage } from "./to-message.ts";

t.test("toMessage() makes whole messages of spread ones, at each level", async (t) => {
  const before = create(GetStockResponseSchema, { stock: { apple: { onHand: 1 } } });
  const after = toMessage(GetStockResponseSchema, {
    ...before,
    stock: { ...before.stock, pear: { onHand: 2 } },
  });
  const there = fromBinary(GetStockResponseSchema, toBinary(GetStockResponseSchema, after as typeof before));
  t.same(Object.keys(there.stock), ["apple", "pear"]);
  t.match(after, { stock: { pear: { $typeName: "inventory.v1.Stock", onHand: 2, reserved: 0 } } });
});

t.test("toMessage() names a field that the message lacks, at each level", async (t) => {
  t.throws(() => toMessage(CartSchema, { itemz: {} }), {
    message: 'cart.v1.Cart has no field "itemz": it has items, checkedOut',
  });
  t.throws(
    () => toMessage(CartEventSchema, { event: { case: "itemAdded", value: { skuu: "" } } }),
    /cart\.v1\.ItemAdded has no field "skuu"/,
  );
  t.throws(
    () => toMessage(FileDescriptorProtoSchema, { messageType: [{ nam: "x" }] }),
    /DescriptorProto has no field "nam"/,
  );
});

t.test("toMessage() shares no list or map with what it came from", async (t) => {
  const items = deepFreeze({ apple: 1 });
  const made = toMessage(CartSchema, { items }) as { items?: object };
  t.not(made.items, items);
  t.same(made.items, items);
});

t.test("toMessage() leaves well-known types as they are written", async (t) => {
  t.match(toMessage(StructSchema, { fields: {} }), { $typeName: "google.protobuf.Struct" });
});

t.test("deepFreeze() makes a handler that changes its state fail", async (t) => {
  const state = deepFreeze(create(CartSchema, { items: { apple: 1 } }));
  t.throws(() => {
    state.items["apple"] = 2;
  }, TypeError);
});
