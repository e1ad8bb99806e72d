// Fires the timers of a service's entities. Any number of instances share the work and own nothing: each claims what is
// due, and a claim that its instance does not live to fulfil ends by itself.
//
// Invariants:
//   T1. At most `maxFiring` timers are claimed and not done; what is claimed is under way at once.
//   T2. It looks at least once in `pollMs`, when the next timer is due, and when this process schedules a sooner one.
//   T3. A stop claims nothing more and lets what fires finish, within a grace; what did not is given back (A2).
//   T4. A database that is away or full is waited for.
import { setTimeout as sleep } from "node:timers/promises";
import type { EntityHost } from "../entity/index.ts";
import { SamspelError } from "../errors/index.ts";
import { isTransient, type Database } from "../postgres/index.ts";
import { backoff, createLatch, type BackoffOptions } from "../resilience/index.ts";
import { createTracing, type Logger } from "../telemetry/index.ts";
import type { TellingClients } from "../tell/index.ts";
import type { TimerAlarm } from "./alarm.ts";
import { fireTimer, type Firing } from "./fire-timer.ts";
import { claimTimers, type ClaimedTimer } from "./timer-table.ts";

export interface RunTimersOptions {
  /** Of the entities whose timers fire here. Their `onSchedule` is the alarm's `note`. */
  readonly hosts: readonly EntityHost[];
  readonly alarm: TimerAlarm;
  readonly database: Database;
  /** For the handlers; their calls inherit what is left of the deadline (C1). */
  readonly clients: Pick<TellingClients, "within">;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** How long what fires may go on after the stop. Default 25,000 ms. */
  readonly graceMs?: number;
  /** How often to look without having been woken. Default 1,000 ms. */
  readonly pollMs?: number;
  /** How many timers fire at once in this process. Default 256. */
  readonly maxFiring?: number;
  /** How long the command of a timer may take. Default 10,000 ms. */
  readonly deadlineMs?: number;
  /** After so long without an answer another instance fires the timer. Default 30,000 ms; more than `deadlineMs`. */
  readonly claimMs?: number;
  /** A timer that failed so often is parked. Default 20: with the default backoff after 1 to 2 hours. */
  readonly maxAttempts?: number;
  /** Between the attempts. Default 1 s, doubled up to 10 minutes. */
  readonly backoff?: BackoffOptions;
}

const defaultBackoff: BackoffOptions = { initialMs: 1_000, maxMs: 600_000 };

const roomWithinMs = 50;

/** Fires timers, on as many instances at once as there are, until `signal` aborts; resolves when what fires is done. */
export async function runTimers(options: RunTimersOptions): Promise<void> {
  const { hosts, alarm, database, signal, graceMs = 25_000, pollMs = 1_000, maxFiring = 256 } = options;
  const end = new AbortController();
  const firing: Firing = {
    ...options,
    hosts: new Map(hosts.map((host) => [host.entity.name, host])),
    deadlineMs: options.deadlineMs ?? 10_000,
    maxAttempts: options.maxAttempts ?? 20,
    backoff: options.backoff ?? defaultBackoff,
    end: end.signal,
    tracing: createTracing(),
  };
  const running = new Set<Promise<void>>();
  const room = createLatch();
  const start = (timer: ClaimedTimer): void => {
    const run = fireTimer(firing, timer).then(() => {
      running.delete(run);
      if (running.size <= maxFiring / 2) room.set();
    });
    running.add(run);
  };
  const claim = {
    entityTypes: hosts.map((host) => host.entity.name),
    claimMs: options.claimMs ?? 30_000,
  };
  try {
    let failures = 0;
    while (!signal.aborted) {
      try {
        const limit = maxFiring - running.size;
        const {
          timers,
          nowMs,
          nextInMs = Infinity,
        } = await database.bounded((sql) => claimTimers(sql, { ...claim, limit }));
        failures = 0;
        timers.forEach(start);
        if (timers.length < limit) {
          await alarm.sleep(Math.min(pollMs, nextInMs), { databaseNowMs: nowMs, signal });
        } else {
          // There may be more: half of the room is worth a round trip, and less of it where that takes long.
          do await room.wait(roomWithinMs, signal);
          while (running.size >= maxFiring && !signal.aborted);
        }
      } catch (error) {
        if (!isTransient(error) && !isFull(error)) throw error;
        database.logger.warn({ err: error, failures: ++failures }, "database away: timers wait");
        await backoff(failures, signal, { maxMs: pollMs });
      }
    }
  } finally {
    await drain(running, end, graceMs);
  }
}

function isFull(error: unknown): boolean {
  return error instanceof SamspelError && error.code === "SAMSPEL_DATABASE_FULL";
}

/** Waits for what fires, and tells it to end when the grace is over. */
async function drain(
  running: ReadonlySet<Promise<void>>,
  end: AbortController,
  graceMs: number,
): Promise<void> {
  const settled = new AbortController();
  const done = Promise.all(running).finally(() => settled.abort());
  await sleep(graceMs, undefined, { signal: settled.signal }).then(
    () => end.abort(new SamspelError("SAMSPEL_DRAINING", "The service is stopping")),
    () => {},
  );
  await done;
}
