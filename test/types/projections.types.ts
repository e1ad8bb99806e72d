// What must not compile of projections, and why. `compile.test.ts` has the compiler check each line.
import { on, project, type ChangingProjection, type Projection, type ServiceContext } from "@samspel/runtime";
import { CounterChangedSchema } from "../gen/samspel/test/v1/counter_pb.ts";
import { defineCounter } from "../support/counter.ts";
import { defineMember } from "../support/member.ts";

const counter = defineCounter();
const member = defineMember();
declare const context: ServiceContext;

// What is right compiles: parameters have their types.
const plain: Projection = project("plain", counter, {
  order: "journal",
  onFailure: "block",
  database: { url: "postgres://host/other", schema: "reports" },
  events: {
    incremented({ amount }, { entityType, revision, rebuilding, afterCommit }) {
      const facts: [bigint, string, bigint, boolean] = [amount, entityType, revision, rebuilding];
      afterCommit(() => facts);
    },
  },
});
project(
  "several",
  [
    on(counter, { incremented: ({ amount }) => void (amount + 1n) }),
    on(member, { registered: ({ name }) => void name.length }),
  ],
  {
    setup: (sql) => sql`create table x (id text)`,
  },
);
project("pages", [on(counter), on(member)], {
  batch(events, { rebuilding }) {
    for (const event of events) {
      if (event.case === "incremented") event.value.amount satisfies bigint;
      if (event.case === "registered") event.value.name satisfies string;
    }
    rebuilding satisfies boolean;
  },
});
const changing: ChangingProjection<typeof CounterChangedSchema> = project("changing", counter, {
  changes: { message: CounterChangedSchema, keepForMs: 60_000 },
  events: {
    incremented: ({ amount }, { entityId, change }) => change({ counterId: entityId, delta: amount }),
  },
});
for await (const { value } of context.historyThenLive(changing, {
  history: () => [{ counterId: "a", value: 1n }],
  signal: AbortSignal.timeout(1),
})) {
  value satisfies bigint;
}
await context.caughtUp(plain, { after: ["cart/1/a"], timeoutMs: 100 });

// @ts-expect-error it tells no changes
context.historyThenLive(plain, { history: () => [], signal: AbortSignal.timeout(1) });

// @ts-expect-error rows of another message
context.historyThenLive(changing, { history: () => [{ colour: "red" }], signal: AbortSignal.timeout(1) });

project("p", counter, {
  changes: CounterChangedSchema,
  // @ts-expect-error the message has no such field
  events: { incremented: (_, { change }) => change({ colour: "red" }) },
});

// @ts-expect-error there is no message to tell
project("p", counter, { events: { incremented: (_, { change }) => change({ value: 1n }) } });

// @ts-expect-error a misspelt event
on(counter, { incrementd: () => {} });

// @ts-expect-error the event has no such field
on(member, { registered: ({ colour }) => colour });

// @ts-expect-error several entities have their handlers in `on`
project("p", [on(counter, {})], { events: {} });

// @ts-expect-error no such order
project("p", counter, { order: "random", events: {} });

// @ts-expect-error no such policy
project("p", counter, { onFailure: "panic", events: {} });

// @ts-expect-error neither handlers nor a batch
project("p", [on(counter)], {});
