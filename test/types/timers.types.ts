// What must not compile of timers, and why. `compile.test.ts` has the compiler check each line.
import { defineEntity, persist } from "@samspel/runtime";
import { CounterService } from "../gen/samspel/test/v1/counter_pb.ts";
import { ReminderEventSchema, ReminderSchema, ReminderService } from "../gen/samspel/test/v1/reminder_pb.ts";

const shape = { name: "reminder", state: ReminderSchema, event: ReminderEventSchema };
const others = { drop: () => ({}), ring: () => ({}), getReminder: () => ({}) };
const events = { planned: () => ({}), dropped: () => ({}), rang: () => ({}) };
const planned = { case: "planned", value: { name: "x" } } as const;
const { ring, getReminder } = ReminderService.method;

// What is right compiles: with events or without, several timers, times of both kinds.
defineEntity(ReminderService, shape, {
  events,
  commands: {
    ...others,
    plan: (_, { name, note, afterMs }) =>
      persist(planned)
        .schedule(name, { afterMs, command: ring, request: { note } })
        .schedule("other", { at: new Date(), command: ReminderService.method.drop })
        .cancel("third")
        .reply(({ notes }) => (notes.length > 0 ? {} : {})),
    drop: () =>
      persist()
        .cancel("x")
        .reply(({ notes }) => ({ rung: notes.length })),
    ring: (_, __, { timer }) =>
      persist({ case: "rang", value: { note: timer?.name ?? "nobody" } }).reply(() => ({})),
  },
});

defineEntity(ReminderService, shape, {
  events,
  commands: {
    ...others,
    plan: () =>
      // @ts-expect-error a command of another service
      persist(planned)
        .schedule("x", { afterMs: 1, command: CounterService.method.reset })
        .reply(() => ({})),
  },
});

defineEntity(ReminderService, shape, {
  events,
  commands: {
    ...others,
    plan: () =>
      persist()
        .cancel("x")
        // @ts-expect-error a misspelt field of the reply, also where there are no events
        .reply(() => ({ rungs: 1 })),
  },
});

defineEntity(ReminderService, shape, {
  events,
  commands: {
    ...others,
    plan: () =>
      // @ts-expect-error a misspelt event, also with a timer
      persist({ case: "planed", value: {} })
        .cancel("x")
        .reply(() => ({})),
  },
});

// @ts-expect-error neither afterMs nor at
persist().schedule("x", { command: ring });

// @ts-expect-error both
persist().schedule("x", { afterMs: 1, at: new Date(), command: ring });

// @ts-expect-error no command
persist().schedule("x", { afterMs: 1 });

// @ts-expect-error a misspelt field of the request
persist().schedule("x", { afterMs: 1, command: ring, request: { notte: "x" } });

// @ts-expect-error a field of the wrong type
persist().schedule("x", { afterMs: 1, command: ring, request: { note: 1 } });

// @ts-expect-error a time that is no Date
persist().schedule("x", { at: "tomorrow", command: ring });

// @ts-expect-error a streaming method is no command
persist().schedule("x", { afterMs: 1, command: { ...getReminder, methodKind: "server_streaming" } });
