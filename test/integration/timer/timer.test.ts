import t from "tap";
import { testSchema } from "../../support/isolation.ts";
import { startReminders } from "../../support/reminder.ts";
import { until } from "../../support/until.ts";

const inAnHour = { afterMs: 3_600_000 };
const waitMs = 60_000;

t.test("a timer runs its command when it is due, once, and the handler knows which", async (t) => {
  const reminders = await startReminders(t, testSchema(t), { pollMs: 600_000 });
  await reminders.plan("a", "soon", { afterMs: 50, note: "hello" });
  await reminders.plan("a", "silent", { afterMs: 60, note: "you", silent: true });
  await reminders.plan("a", "later", inAnHour);
  await until("both have rung", async () => (await reminders.notes("a")).length === 2, waitMs);
  t.same(await reminders.notes("a"), ["soon:hello", "silent:you"], "woken without a poll");
  t.match(await reminders.timers(), [{ entity_id: "a", name: "later", attempts: 0 }]);
});

t.test("a timer with the name of another replaces it, and a cancelled one does not ring", async (t) => {
  const reminders = await startReminders(t, testSchema(t));
  for (const silent of [false, true]) {
    await reminders.plan("a", "x", { ...inAnHour, note: "first", silent });
    await reminders.plan("a", "x", { afterMs: 0, note: "second", silent });
    await reminders.plan("b", "x", { afterMs: 300, note: "never", silent });
    await reminders.drop("b", "x", { silent });
    await reminders.drop("b", "never there", { silent });
    await until("it is done", async () => (await reminders.timers()).length === 0, waitMs);
  }
  t.same(await reminders.notes("a"), ["x:second", "x:second"]);
  await reminders.plan("c", "x", { afterMs: 400 });
  await until("a later one has rung", async () => (await reminders.notes("c")).length === 1, waitMs);
  t.same(await reminders.notes("b"), []);
});
