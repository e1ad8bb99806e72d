import { fromBinary, type DescMethodUnary, type MessageInitShape } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import t from "tap";
import { CounterService } from "../../../test/gen/samspel/test/v1/counter_pb.ts";
import {
  ReminderEventSchema,
  ReminderSchema,
  ReminderService,
  RingRequestSchema,
} from "../../../test/gen/samspel/test/v1/reminder_pb.ts";
import type { TimerChange } from "../journal/index.ts";
import type { CommandContext } from "./command-context.ts";
import { defineEntity } from "./define-entity.ts";
import { persist, type Persist } from "./effect.ts";

const { ring, getReminder } = ReminderService.method;
const context = { entityId: "r1" } as CommandContext;

/** What an effect of the entity `r1` does to its timers. */
async function changes(
  effect: Persist<never, DescMethodUnary>,
  command = "plan",
): Promise<readonly TimerChange[]> {
  const handler = (): never => effect.reply(() => ({})) as never;
  const entity = defineEntity(
    ReminderService,
    { name: "reminder", state: ReminderSchema, event: ReminderEventSchema },
    {
      commands: { plan: handler, drop: handler, ring: handler, getReminder: handler },
      events: { planned: () => ({}), dropped: () => ({}), rang: () => ({}) },
    },
  );
  const state = entity.initialState();
  return (await entity.decide(command, state, state, context)).timers;
}

t.test("schedule() fills in the key, and takes the name of the method", async (t) => {
  const at = new Date("2030-01-01T00:00:00Z");
  const [first, second, third] = await changes(
    persist()
      .schedule("x", { afterMs: 5, command: ring, request: { note: "n" } })
      .schedule("y", { at, command: ring, request: { reminderId: "r1" } })
      .cancel("z"),
  );
  t.match(first, { type: "schedule", name: "x", due: { afterMs: 5 }, command: "Ring" });
  t.match(second, { type: "schedule", name: "y", due: { at }, command: "Ring" });
  t.same(third, { type: "cancel", name: "z" });
  const request = first?.type === "schedule" ? first.request : new Uint8Array();
  t.match(fromBinary(RingRequestSchema, request), { reminderId: "r1", note: "n" });
});

t.test("an effect has one change of a name: the last", async (t) => {
  const step = fc.record({ name: fc.constantFrom("a", "b", "c"), afterMs: fc.option(fc.nat(1_000)) });
  await fc.assert(
    fc.asyncProperty(fc.array(step), async (steps) => {
      let effect: Persist<never, DescMethodUnary> = persist();
      const last = new Map<string, number | null>();
      for (const { name, afterMs } of steps) {
        effect = afterMs === null ? effect.cancel(name) : effect.schedule(name, { afterMs, command: ring });
        last.set(name, afterMs);
      }
      const found = (await changes(effect)).map((change) => [
        change.name,
        change.type === "cancel" || "at" in change.due ? null : change.due.afterMs,
      ]);
      t.same(new Map(found as [string, number | null][]), last);
      t.equal(found.length, last.size);
    }),
  );
});

t.test("schedule() and cancel() refuse what is out of bounds, where it is written", async (t) => {
  const century = 100 * 365.25 * 24 * 3_600_000;
  for (const afterMs of [0, 0.5, century]) persist().schedule("x", { afterMs, command: ring });
  for (const afterMs of [-1, Number.NaN, Infinity, century + 1]) {
    t.throws(() => persist().schedule("x", { afterMs, command: ring }), {
      name: "RangeError",
      message: `afterMs of timer "x" must be 0 to ${century}, which is 100 years: current value is ${afterMs}`,
    });
  }
  persist().schedule("x", { at: new Date(0), command: ring });
  for (const at of [new Date(-1), new Date("+010000-01-01"), new Date(Number.NaN)]) {
    t.throws(() => persist().schedule("x", { at, command: ring }), {
      name: "RangeError",
      message: /^at of timer "x" must be from 1970 to 9999: current value is /,
    });
  }
  persist().cancel("x".repeat(200));
  for (const name of ["", "x".repeat(201), "nul\0", "lone \ud800"]) {
    const message = /^A timer's name must have 1 to 200 characters/;
    t.throws(() => persist().cancel(name), { name: "RangeError", message });
    t.throws(() => persist().schedule(name, { afterMs: 1, command: ring }), { name: "RangeError", message });
  }
});

t.test("schedule() tells callers without types what is missing", async (t) => {
  const schedule = (timer: object): unknown => persist().schedule("x", timer as never);
  t.throws(
    () => schedule({ command: ring }),
    new TypeError('Timer "x" must have either afterMs or at: it has neither'),
  );
  t.throws(
    () => schedule({ command: ring, afterMs: 1, at: new Date() }),
    new TypeError('Timer "x" must have either afterMs or at: it has both'),
  );
  t.throws(() => schedule({ afterMs: 1 }), /Command of timer "x" must be a method of the entity's service/);
  t.throws(() => schedule({ command: ring, at: "soon" }), /at of timer "x" must be a Date: it is a string/);
  t.throws(() => persist().cancel(1 as never), /A timer's name must be a string: it is a number/);
});

t.test("a command refuses timers that its entity cannot have", async (t) => {
  const refuse = (effect: Persist<never, DescMethodUnary>, message: string): Promise<unknown> =>
    t.rejects(changes(effect), new TypeError(message));
  await refuse(
    persist().schedule("x", { afterMs: 1, command: CounterService.method.reset }),
    'Timer "x" of entity reminder must run a command of samspel.test.v1.ReminderService: samspel.test.v1.CounterService.Reset is none',
  );
  await refuse(
    persist().schedule("x", { afterMs: 1, command: getReminder }),
    'Timer "x" of entity reminder must run a command that may change something: samspel.test.v1.ReminderService.GetReminder is NO_SIDE_EFFECTS',
  );
  await refuse(
    persist().schedule("x", { afterMs: 1, command: ring, request: { reminderId: "r2" } }),
    'Timer "x" of entity reminder must run on its own entity, "r1": reminderId of its request is "r2"',
  );
  const misspelt = { notte: "n" } as MessageInitShape<typeof RingRequestSchema>;
  await refuse(
    persist().schedule("x", { afterMs: 1, command: ring, request: misspelt }),
    'samspel.test.v1.RingRequest has no field "notte": it has reminderId, note',
  );
  await t.rejects(
    changes(persist().cancel("x"), "getReminder"),
    new TypeError(
      "Command getReminder of entity reminder is NO_SIDE_EFFECTS, and so must not schedule or cancel timers",
    ),
  );
});
