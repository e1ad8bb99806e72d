// What others learn of carts.
import { publish } from "@samspel/runtime";
import { CartTopics } from "../gen/cart/v1/cart_topics_pb.ts";
import { cart } from "./cart.ts";

export const checkedOut = publish(CartTopics.method.checkedOut, cart, {
  checkedOut: (_, { entityId, state }) => ({ cartId: entityId, items: state.items }),
});
