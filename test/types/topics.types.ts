// What must not compile of topics and projections, and why. `compile.test.ts` has the compiler check each line.
import { project, publish, subscribe } from "@samspel/runtime";
import { CartService } from "../../examples/shopping-cart/gen/cart/v1/cart_api_pb.ts";
import { CartTopics } from "../../examples/shopping-cart/gen/cart/v1/cart_topics_pb.ts";
import { defineCounter } from "../support/counter.ts";
import { CounterTopics, EventTopics } from "../gen/samspel/test/v1/counter_pb.ts";

const counter = defineCounter();
const { changed } = CounterTopics.method;

// What is right compiles: parameters have their types, and handlers may leave them out.
publish(changed, counter, {
  incremented: ({ amount }, { entityId, state }) => ({
    counterId: entityId,
    value: state.value,
    delta: amount,
  }),
  wasReset: () => undefined,
});
subscribe(changed, {
  group: "right",
  handler: async ({ counterId, value }, { key, attempt, headers }) => {
    const facts: [string, bigint, string, number, string | undefined] = [
      counterId,
      value,
      key,
      attempt,
      headers.get("tenant"),
    ];
    await Promise.resolve(facts);
  },
});
project("right", counter, {
  setup: (sql) => sql`create table x (id text)`,
  events: {
    incremented: ({ amount }, { sql, entityId }) => sql`insert into x values (${entityId}, ${amount})`,
  },
});
project("batches", counter, {
  async batch(events, { sql }) {
    for (const event of events) {
      if (event.case === "incremented")
        await sql`insert into x values (${event.entityId}, ${event.value.amount})`;
    }
  },
});

subscribe(changed, {
  group: "inbox",
  inbox: true,
  from: { time: new Date() },
  handler: async ({ counterId }, { sql, signal }) => {
    signal.throwIfAborted();
    await sql`insert into x values (${counterId})`;
  },
});
subscribe(changed, {
  group: "batch",
  inbox: true,
  maxBatch: 50,
  batch: async (messages, { sql }) => {
    for (const { message, key, attempt } of messages) {
      const facts: [bigint, string, number] = [message.value, key, attempt];
      await sql`insert into x values (${String(facts)})`;
    }
  },
});
subscribe(changed, { group: "once", mode: "at-most-once", onExhausted: "skip", handler: () => {} });
subscribe(EventTopics.method.happened, {
  group: "cases",
  on: {
    incremented: ({ amount }, { key, message }) => {
      const facts: [bigint, string, string] = [amount, key, message.counterId];
      return facts;
    },
    wasReset: () => {},
  },
});

// @ts-expect-error without an inbox there is no transaction
subscribe(changed, { group: "g", handler: (_, { sql }) => sql });

// @ts-expect-error a case that the message has not
subscribe(EventTopics.method.happened, { group: "g", on: { incrementd: () => {} } });

// @ts-expect-error a message without a oneof has no cases
subscribe(changed, { group: "g", on: { incremented: () => {} } });

// @ts-expect-error two ways to handle
subscribe(changed, { group: "g", handler: () => {}, batch: () => {} });

// @ts-expect-error no way to handle
subscribe(changed, { group: "g" });

// @ts-expect-error a batch is asked for, and one message is handled
subscribe(changed, { group: "g", handler: () => {}, maxBatch: 10 });

// @ts-expect-error what comes once at the most is not tried again
subscribe(changed, { group: "g", mode: "at-most-once", retry: { maxAttempts: 2 }, handler: () => {} });

// @ts-expect-error what may be missed needs no inbox
subscribe(changed, { group: "g", mode: "at-most-once", inbox: true, handler: () => {} });

// @ts-expect-error a place to begin that is none
subscribe(changed, { group: "g", from: "now", handler: () => {} });

// @ts-expect-error a misspelt event
publish(changed, counter, { incrementd: () => undefined });

// @ts-expect-error a field that the message lacks, of a type that it has not
publish(changed, counter, { incremented: () => ({ value: "one" }) });

// @ts-expect-error the event has no such field
publish(changed, counter, { incremented: ({ quantity }) => ({ delta: quantity }) });

// @ts-expect-error the state has no such field
publish(changed, counter, { incremented: (_, { state }) => ({ value: state.total }) });

// @ts-expect-error a unary method is no topic
publish(CartService.method.getCart, counter, {});

// @ts-expect-error a unary method is no topic
subscribe(CartService.method.getCart, { group: "g", handler: () => {} });

// @ts-expect-error the message of another topic
subscribe(CartTopics.method.checkedOut, { group: "g", handler: ({ counterId }) => void counterId });

// @ts-expect-error no such policy
subscribe(changed, { group: "g", handler: () => {}, onExhausted: "panic" });

// @ts-expect-error a misspelt event
project("p", counter, { events: { incrementd: () => {} } });

// @ts-expect-error neither events nor a batch
project("p", counter, {});

// @ts-expect-error both
project("p", counter, { events: {}, batch: () => {} });
