// Carts with a history: events, and the state after each.
import { create, type JsonObject } from "@bufbuild/protobuf";
import {
  Count_Precision,
  EntityTypeSchema,
  HistoryEntrySchema,
  type EntityType,
  type HistoryEntry,
} from "@samspel/runtime/gen/samspel/v1/inspection_pb.js";
import { startedAt } from "./shop.ts";
import { time } from "./time.ts";
import { callTraceId } from "./traces.ts";

interface CartEvent {
  readonly case: string;
  readonly value: { readonly sku?: string; readonly quantity?: number };
}

const skus = ["apple", "pear", "bread", "cheese"] as const;

/** The type, as the cart service has it. */
export const cartType: EntityType = create(EntityTypeSchema, {
  name: "cart",
  service: "cart.v1.CartService",
  stateType: "cart.v1.Cart",
  eventType: "cart.v1.CartEvent",
  eventCases: ["itemAdded", "itemRemoved", "checkedOut"],
  commands: [
    { name: "AddItem", requestType: "cart.v1.AddItemRequest" },
    { name: "Checkout", requestType: "cart.v1.CheckoutRequest" },
    { name: "GetCart", requestType: "cart.v1.GetCartRequest", readOnly: true },
  ],
  entities: { value: 12_480n, precision: Count_Precision.ESTIMATED },
  events: { value: 61_204n, precision: Count_Precision.ESTIMATED },
});

/** Carts by id, in the memory of one fake. */
export interface Carts {
  readonly ids: () => readonly string[];
  readonly revision: (id: string) => number;
  readonly append: (id: string, event: CartEvent) => void;
  readonly state: (id: string, revision: number) => JsonObject;
  readonly history: (id: string, after: number, limit: number) => readonly HistoryEntry[];
}

/** `cart-17` has seven events, `cart-long` 2,000. */
export function createCarts(): Carts {
  const events = new Map<string, CartEvent[]>();
  const append = (id: string, event: CartEvent): void => {
    events.set(id, [...(events.get(id) ?? []), event]);
  };
  const add = (id: string, sku: string, quantity: number): void =>
    append(id, { case: "itemAdded", value: { sku, quantity } });
  for (let index = 10; index < 60; index++)
    add(`cart-${index}`, skus[index % skus.length] ?? "apple", 1 + (index % 3));
  add("cart-17", "apple", 2);
  add("cart-17", "bread", 1);
  append("cart-17", { case: "itemRemoved", value: { sku: "apple" } });
  add("cart-17", "cheese", 3);
  append("cart-17", { case: "checkedOut", value: {} });
  for (let index = 0; index < 2000; index++) add("cart-long", skus[index % skus.length] ?? "apple", 1);

  const state = (id: string, revision: number): JsonObject => {
    const items: Record<string, number> = {};
    let checkedOut = false;
    for (const event of (events.get(id) ?? []).slice(0, revision)) {
      const sku = event.value.sku ?? "";
      if (event.case === "itemAdded") items[sku] = (items[sku] ?? 0) + (event.value.quantity ?? 0);
      if (event.case === "itemRemoved") delete items[sku];
      if (event.case === "checkedOut") checkedOut = true;
    }
    return checkedOut ? { items, checkedOut } : { items };
  };
  return {
    ids: () => [...events.keys()].sort(),
    revision: (id) => events.get(id)?.length ?? 0,
    append,
    state,
    history: (id, after, limit) =>
      (events.get(id) ?? []).slice(after, after + limit).map((event, index) => {
        const revision = after + index + 1;
        return create(HistoryEntrySchema, {
          revision: BigInt(revision),
          position: `80${revision}-${revision}`,
          recordedAt: time(startedAt + revision * 4200),
          metadata: { traceparent: `00-${callTraceId}-00f067aa0ba902b7-01` },
          events: [{ case: event.case, type: `cart.v1.${event.case}`, value: { ...event.value } }],
          state: state(id, revision),
        });
      }),
  };
}
