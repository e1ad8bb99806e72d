export { createTimerAlarm, type TimerAlarm } from "./alarm.ts";
export { runTimers, type RunTimersOptions } from "./run-timers.ts";
