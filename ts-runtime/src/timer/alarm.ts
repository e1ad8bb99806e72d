// Sleeping until a timer is due, and no longer where this process schedules a sooner one. What other processes schedule,
// they wake for themselves.
//
// Lengths of time are counted by the clock of the database and by this process's monotonic one, so a clock of the
// process that jumps moves nothing.
import type { TimerDue } from "../journal/index.ts";
import { createLatch } from "../resilience/index.ts";

/** Between those who schedule timers and the one who fires them. */
export interface TimerAlarm {
  /** To be told of each timer that was scheduled. */
  note(this: void, due: TimerDue): void;
  /**
   * Sleeps for so long, or until a timer that is noted is due, or `signal` aborts. `databaseNowMs` is the time by the
   * database's clock. It sleeps not at all where something was noted since the last sleep.
   */
  sleep(ms: number, options: { readonly databaseNowMs: number; readonly signal: AbortSignal }): Promise<void>;
}

/** Makes an alarm that nothing is noted on. */
export function createTimerAlarm(): TimerAlarm {
  const latch = createLatch();
  /** On this process's monotonic clock; while nobody sleeps, everything is sooner. */
  let wakeAtMs = Infinity;
  /** What the database's clock shows, less what the monotonic one does. */
  let databaseAheadMs = 0;
  return {
    note(due) {
      const dueAtMs = "at" in due ? due.at.getTime() - databaseAheadMs : performance.now() + due.afterMs;
      if (dueAtMs < wakeAtMs) latch.set();
    },
    async sleep(ms, { databaseNowMs, signal }) {
      const nowMs = performance.now();
      databaseAheadMs = databaseNowMs - nowMs;
      wakeAtMs = nowMs + ms;
      // A timeout is cut to whole milliseconds, and would be over too soon.
      await latch.wait(Math.max(0, Math.ceil(ms)), signal);
      wakeAtMs = Infinity;
    },
  };
}
