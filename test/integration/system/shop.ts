// The cart in the test's process, beside an inventory that the test gives.
import { serve, type ServiceOptions } from "@samspel/runtime";
import { cart } from "../../../examples/shopping-cart/cart/cart.ts";
import { checkedOut } from "../../../examples/shopping-cart/cart/topics.ts";
import { InventoryService } from "../../../examples/shopping-cart/gen/inventory/v1/inventory_api_pb.ts";

export const carts: Pick<ServiceOptions, "entities" | "topics"> = { entities: [cart], topics: [checkedOut] };

/** Reserves whatever is asked for, and tells `reserved`. */
export function inventoryThat(
  reserved: (cartId: string) => void | Promise<void>,
): Pick<ServiceOptions, "services"> {
  return {
    services: [
      serve(InventoryService, {
        async reserve({ cartId }) {
          await reserved(cartId);
          return {};
        },
        getStock: async () => ({}),
        getOrder: async () => ({}),
      }),
    ],
  };
}
