// One firing: a claimed timer's command, run by its entity, and what becomes of the timer where that fails.
//
// Invariants:
//   F1. A timer takes effect once: the append of its command deletes it, and does not stand without it (J2, J3). So a
//       claim is only there to save work, and one that is late or doubled harms nobody.
//   F2. A timer is lost only by a rejection, which its entity decided on. All else is tried again, and then parked.
import { decode } from "../codec/index.ts";
import { timerCauses, timerHeaders, type EntityHost } from "../entity/index.ts";
import { SamspelError, type ErrorCode } from "../errors/index.ts";
import type { Database } from "../postgres/index.ts";
import { backoffMs, type BackoffOptions } from "../resilience/index.ts";
import type { Logger, Tracing } from "../telemetry/index.ts";
import type { TellingClients } from "../tell/index.ts";
import { endTimer, parkTimer, postponeTimer, type ClaimedTimer } from "./timer-table.ts";

export interface Firing {
  readonly database: Database;
  readonly hosts: ReadonlyMap<string, EntityHost>;
  readonly clients: Pick<TellingClients, "within">;
  readonly logger: Logger;
  /** The deadline of the command. */
  readonly deadlineMs: number;
  readonly maxAttempts: number;
  readonly backoff: BackoffOptions;
  /** The end of the grace after a stop. */
  readonly end: AbortSignal;
  /** Where anybody wants spans. */
  readonly tracing: Tracing | undefined;
}

/** Not the timer's fault: it waits for as long as it takes. */
const ofThisInstance: ReadonlySet<ErrorCode> = new Set([
  "SAMSPEL_DATABASE_FULL",
  "SAMSPEL_DATABASE_UNREACHABLE",
  "SAMSPEL_DRAINING",
  "SAMSPEL_OVERLOADED",
]);

/** Fires a timer; never fails. Where nothing can be said of a failure, the claim ends by itself. */
export async function fireTimer(firing: Firing, timer: ClaimedTimer): Promise<void> {
  const about = {
    entityType: timer.entityType,
    entityId: timer.entityId,
    timer: timer.name,
    attempt: timer.attempt,
  };
  const logger = firing.logger.child(about);
  try {
    if (timer.attempt > firing.maxAttempts) throw neverCameBack(timer);
    await (firing.tracing === undefined
      ? runCommand(firing, timer)
      : runInSpan(firing, timer, firing.tracing));
    logger.debug({ lateMs: Math.round(timer.lateMs) }, "timer fired");
  } catch (error) {
    await settle({ ...firing, logger }, timer, error).catch((failure: unknown) =>
      logger.warn({ err: failure }, "the database does not take what became of a timer: it fires again"),
    );
  }
}

function runInSpan(firing: Firing, timer: ClaimedTimer, tracing: Tracing): Promise<void> {
  const start = {
    type: "timer",
    name: `timer ${timer.name}`,
    ...timerCauses(timer.metadata),
    attributes: {
      "samspel.entity.type": timer.entityType,
      "samspel.entity.id": timer.entityId,
      "samspel.timer": timer.name,
      "samspel.attempt": timer.attempt,
    },
  } as const;
  return tracing.run(start, () => runCommand(firing, timer));
}

async function runCommand(
  { hosts, clients, deadlineMs, end }: Firing,
  { entityType, entityId, command: name, request, metadata, id, name: timer }: ClaimedTimer,
): Promise<void> {
  const host = hosts.get(entityType);
  const [localName, command] =
    [...(host?.entity.commands ?? [])].find(([, { method }]) => method.name === name) ?? [];
  if (host === undefined || localName === undefined || command === undefined) {
    throw new Error(
      `Entity ${entityType} has no command ${name} in this version of the service: deploy one that has it`,
    );
  }
  const endsAtMs = performance.now() + deadlineMs;
  using ending = endingAfter(deadlineMs, end);
  const { signal } = ending;
  const requestHeader = timerHeaders(metadata);
  await host.ask({
    command: localName,
    entityId,
    request: decode(command.method.input, request),
    commandId: `timer:${id}`,
    firedBy: { id, name: timer },
    client: clients.within({ signal, requestHeader, timeoutMs: () => endsAtMs - performance.now() }).client,
    signal,
    requestHeader,
  });
}

/**
 * A signal that aborts after so long, or with `end`. Not `AbortSignal.any`, which stays in memory for as long as `end`
 * does where a handler leaves a listener behind (seen with Node 24).
 */
function endingAfter(ms: number, end: AbortSignal): Disposable & { readonly signal: AbortSignal } {
  const ending = new AbortController();
  const stop = (): void => ending.abort(end.reason);
  const timeout = setTimeout(() => ending.abort(new Error("The deadline is over")), ms);
  if (end.aborted) stop();
  end.addEventListener("abort", stop);
  return {
    signal: ending.signal,
    [Symbol.dispose]() {
      clearTimeout(timeout);
      end.removeEventListener("abort", stop);
    },
  };
}

/** A command that kills its process says no error. */
function neverCameBack({ attempt, name }: ClaimedTimer): Error {
  return new Error(`Timer "${name}" was claimed ${attempt - 1} times by instances that did not come back`);
}

async function settle(firing: Firing, timer: ClaimedTimer, error: unknown): Promise<void> {
  const { database, logger, maxAttempts, end } = firing;
  const { bounded } = database;
  const code = error instanceof SamspelError ? error.code : undefined;
  if (code === "SAMSPEL_TIMER_GONE") {
    logger.debug("timer was cancelled, replaced or fired meanwhile");
  } else if (end.aborted) {
    await bounded((sql) => postponeTimer(sql, timer, { afterMs: 0, error: undefined }));
  } else if (code === "SAMSPEL_REJECTED" && error instanceof SamspelError && !error.retryable) {
    if (await bounded((sql) => endTimer(sql, timer)))
      logger.warn({ err: error }, "timer ended: its command was rejected");
  } else if (code !== undefined && ofThisInstance.has(code)) {
    logger.warn({ err: error }, "timer waits: it fires again");
    const afterMs = backoffMs(timer.attempt, firing.backoff);
    await bounded((sql) => postponeTimer(sql, timer, { afterMs, error: undefined }));
  } else if (timer.attempt >= maxAttempts) {
    if (await bounded((sql) => parkTimer(sql, timer, error)))
      logger.error({ err: error }, "timer parked: it fires no more");
  } else {
    const afterMs = backoffMs(timer.attempt, firing.backoff);
    logger.warn({ err: error, maxAttempts, afterMs }, "timer failed: it fires again");
    await bounded((sql) => postponeTimer(sql, timer, { afterMs, error }));
  }
}
