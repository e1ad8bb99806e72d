// A later version of the counter: it can be set to any value, and a reset is that now.
import { defineEntity, persist, type Entity } from "../../ts-runtime/src/entity/index.ts";
import { CounterSchema, CounterService } from "../gen/samspel/test/v1/counter_pb.ts";
import { CounterEventSchema } from "../gen/samspel/test/v2/counter_pb.ts";

export const counterV2: Entity<
  typeof CounterService,
  typeof CounterSchema,
  typeof CounterEventSchema,
  "wasReset"
> = defineEntity(
  CounterService,
  { name: "counter", state: CounterSchema, event: CounterEventSchema, snapshotEvery: 3 },
  {
    commands: {
      increment: (_, { amount }) =>
        persist({ case: "incremented", value: { amount } }).reply(({ value }) => ({ value })),
      reset: () => persist({ case: "wasSet", value: { value: 0n } }).reply(() => ({})),
      getCounter: ({ value }) => ({ value }),
    },
    events: {
      incremented: (counter, { amount }) => ({ ...counter, value: counter.value + amount }),
      wasSet: (counter, { value }) => ({ ...counter, value }),
    },
    upcasts: {
      wasReset: () => [{ case: "wasSet", value: { value: 0n } }],
    },
  },
);
