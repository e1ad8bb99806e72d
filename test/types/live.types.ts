// What must not compile of live topics, and why. `compile.test.ts` has the compiler check each line.
import { subscribeLive } from "@samspel/runtime";
import { CartService } from "../../examples/shopping-cart/gen/cart/v1/cart_api_pb.ts";
import { PresenceTopics } from "../gen/samspel/test/v1/presence_pb.ts";

const { presence } = PresenceTopics.method;

// What is right compiles: parameters have their types, and a group may be left out.
subscribeLive(presence, {
  handler: ({ userId, present }, { key, headers, time }) => {
    const facts: [string, boolean, string, string | undefined, Date] = [
      userId,
      present,
      key,
      headers.get("tenant"),
      time,
    ];
    void facts;
  },
});

// @ts-expect-error nothing is kept, so there is no first message
subscribeLive(presence, { handler: () => {}, from: "beginning" });

// @ts-expect-error a message that failed is gone
subscribeLive(presence, { handler: () => {}, retry: { maxAttempts: 3 } });

// @ts-expect-error and so it is never parked
subscribeLive(presence, { handler: () => {}, onExhausted: "dead-letter" });

// @ts-expect-error nothing comes twice
subscribeLive(presence, { handler: () => {}, inbox: true });

// @ts-expect-error there are no attempts
subscribeLive(presence, { handler: (_, { attempt }) => void attempt });

// @ts-expect-error a unary method is no topic
subscribeLive(CartService.method.getCart, { handler: () => {} });
