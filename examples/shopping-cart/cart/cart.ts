// The cart: what it decides, and what it remembers.
import { Code } from "@connectrpc/connect";
import { defineEntity, persist, reject, type Entity } from "@samspel/runtime";
import { CartService } from "../gen/cart/v1/cart_api_pb.ts";
import { CartEventSchema, CartSchema, type Cart } from "../gen/cart/v1/cart_entity_pb.ts";
import { InventoryService } from "../gen/inventory/v1/inventory_api_pb.ts";

const maxQuantity = 1_000;

export const cart: Entity<typeof CartService, typeof CartSchema, typeof CartEventSchema> = defineEntity(
  CartService,
  { name: "cart", state: CartSchema, event: CartEventSchema },
  {
    commands: {
      addItem(cart, { sku, quantity }) {
        requireOpen(cart);
        if (sku === "") throw reject(Code.InvalidArgument, "sku must not be empty");
        if (quantity < 1)
          throw reject(Code.InvalidArgument, `quantity must be at least 1: current value is ${quantity}`);
        if (quantityOf(cart, sku) + quantity > maxQuantity) {
          throw reject(Code.FailedPrecondition, `a cart holds at most ${maxQuantity} of an item`);
        }
        return persist({ case: "itemAdded", value: { sku, quantity } }).reply(({ items }) => ({ items }));
      },

      removeItem(cart, { sku }) {
        requireOpen(cart);
        if (quantityOf(cart, sku) === 0) return { items: cart.items };
        return persist({ case: "itemRemoved", value: { sku } }).reply(({ items }) => ({ items }));
      },

      async checkout(cart, _, { entityId, client }) {
        if (cart.checkedOut) return { items: cart.items };
        if (Object.keys(cart.items).length === 0) throw reject(Code.FailedPrecondition, "cart is empty");
        await client(InventoryService).reserve({ cartId: entityId, items: cart.items });
        return persist({ case: "checkedOut", value: {} }).reply(({ items }) => ({ items }));
      },

      getCart: ({ items, checkedOut }) => ({ items, checkedOut }),
    },

    events: {
      itemAdded: (cart, { sku, quantity }) => ({
        ...cart,
        items: { ...cart.items, [sku]: quantityOf(cart, sku) + quantity },
      }),
      itemRemoved(cart, { sku }) {
        const { [sku]: _, ...items } = cart.items;
        return { ...cart, items };
      },
      checkedOut: (cart) => ({ ...cart, checkedOut: true }),
    },
  },
);

function requireOpen(cart: Cart): void {
  if (cart.checkedOut) throw reject(Code.FailedPrecondition, "cart is checked out");
}

/** An sku is any text, "constructor" too, which every object has. */
function quantityOf({ items }: Cart, sku: string): number {
  return Object.hasOwn(items, sku) ? (items[sku] ?? 0) : 0;
}
