import t from "tap";
import { createTimerAlarm } from "./alarm.ts";

const forever = 600_000;
const databaseNowMs = Date.UTC(2031, 0, 1);
const { signal } = new AbortController();

t.test("sleep() ends when a sooner timer is noted, of either kind of time", async (t) => {
  for (const due of [{ afterMs: 1_000 }, { at: new Date(databaseNowMs + 1_000) }]) {
    const alarm = createTimerAlarm();
    const slept = alarm.sleep(forever, { databaseNowMs, signal });
    alarm.note(due);
    await slept;
  }
  t.equal(process.getActiveResourcesInfo().filter((name) => name === "Timeout").length, 0);
});

t.test("sleep() goes on when a later timer is noted", async (t) => {
  const alarm = createTimerAlarm();
  const startedAtMs = performance.now();
  const slept = alarm.sleep(30, { databaseNowMs, signal });
  alarm.note({ afterMs: 1_000 });
  alarm.note({ at: new Date(databaseNowMs + 1_000) });
  await slept;
  t.ok(performance.now() - startedAtMs >= 25);
});

t.test("sleep() is none where a timer was noted since the last one", async () => {
  const alarm = createTimerAlarm();
  alarm.note({ afterMs: forever * 2 });
  await alarm.sleep(forever, { databaseNowMs, signal });
});
