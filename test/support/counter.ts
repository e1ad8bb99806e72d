// The counter: the small entity that tests use.
import { Code } from "@connectrpc/connect";
import { defineEntity, persist, type Entity } from "../../ts-runtime/src/entity/index.ts";
import { reject } from "../../ts-runtime/src/errors/index.ts";
import { CounterEventSchema, CounterSchema, CounterService } from "../gen/samspel/test/v1/counter_pb.ts";

export interface CounterOptions {
  readonly snapshotEvery?: number | false;
  /** Is told of each run of the increment handler, before it decides. */
  readonly onIncrement?: () => Promise<void> | void;
}

/** Defines a counter that refuses to go below zero. */
export function defineCounter({ snapshotEvery = 100, onIncrement }: CounterOptions = {}): Entity<
  typeof CounterService,
  typeof CounterSchema,
  typeof CounterEventSchema
> {
  return defineEntity(
    CounterService,
    { name: "counter", state: CounterSchema, event: CounterEventSchema, snapshotEvery },
    {
      commands: {
        async increment({ value }, { amount }) {
          await onIncrement?.();
          if (value + amount < 0n)
            throw reject(Code.FailedPrecondition, `counter would be ${value + amount}`);
          return persist({ case: "incremented", value: { amount } }).reply((counter) => ({
            value: counter.value,
          }));
        },
        reset: ({ value }) =>
          value === 0n ? {} : persist({ case: "wasReset", value: {} }).reply(() => ({})),
        getCounter: ({ value }) => ({ value }),
      },
      events: {
        incremented: (counter, { amount }) => ({ ...counter, value: counter.value + amount }),
        wasReset: (counter) => ({ ...counter, value: 0n }),
      },
    },
  );
}
