// What an attempt's failure means for its call, and whether another one may follow (C2).
import { Code, ConnectError } from "@connectrpc/connect";
import { SamspelError, toConnectError } from "../errors/index.ts";
import { fullJitterMs } from "../resilience/index.ts";
import type { Attempt } from "./attempt.ts";
import type { Call } from "./call.ts";
import type { Channel } from "./channel.ts";
import { errorDetail } from "./error-detail.ts";
import { judge, type Failure } from "./failure.ts";
import { pushbackMs } from "./pushback.ts";

/** A timeout is sent in whole milliseconds, and Node's timers count in them: each may end an attempt a little early. */
const earlyMs = 2;

/** @param own the signal of the attempt, where it has one of its own. */
export function judgeAttempt(call: Call, attempt: Attempt, reason: unknown): Failure {
  const isLate = !call.isLeft && call.deadline.isOver;
  if (isLate && isTimeout(reason)) {
    return { error: call.deadline.error(call.name), neverRan: false, of: "instance" };
  }
  const { overMs, channel } = attempt;
  if (overMs !== undefined && !call.isLeft && isTimeout(reason) && performance.now() >= overMs - earlyMs) {
    const error = toConnectError(
      new SamspelError(
        "SAMSPEL_DEADLINE_EXCEEDED",
        `${channel.name} did not answer ${call.name} within ${call.policy.retry.attemptTimeoutMs} ms, the time of an attempt`,
        { metadata: { instance: channel.name } },
      ),
    );
    return { error, neverRan: false, of: "instance", timedOut: true };
  }
  return judge(reason, {
    method: call.name,
    target: channel.name,
    ended: call.isLeft ? "left" : isLate ? "late" : undefined,
  });
}

/** Ours, or a server's that keeps the deadline which it was told. */
function isTimeout(error: unknown): boolean {
  return (
    error instanceof ConnectError && error.code === Code.DeadlineExceeded && errorDetail(error) === undefined
  );
}

/** Whether a failure is of a kind that another attempt may mend. */
export function mayBeMended(call: Call, { error, neverRan, timedOut }: Failure): boolean {
  if (call.isLeft || !call.repeatable()) return false;
  return neverRan || timedOut === true || (error.code === Code.Unavailable && call.calls.isSafeToRepeat);
}

/** How many attempts were begun, at which instances, and how many there may be. */
export interface AttemptsSoFar {
  readonly count: number;
  readonly max: number;
  readonly tried: ReadonlySet<Channel>;
}

/**
 * After how long the next attempt begins, in milliseconds, where the failure may be mended; undefined where there is none.
 * What it costs is taken from the budget.
 */
export function nextAttemptMs(
  call: Call,
  failure: Failure,
  { count, max, tried }: AttemptsSoFar,
): number | undefined {
  const { error, neverRan, of } = failure;
  const asked = pushbackMs(error);
  if (asked === Infinity) return undefined;
  const isHeld = call.holds && neverRan && error.code === Code.Unavailable;
  // As gRPC's transparent retry, which is there without a policy for any, too.
  const isFirstOfNone = of === "connection" && neverRan && count === 1;
  if (count >= max && !isHeld && !isFirstOfNone) return undefined;
  const another = call.environment.instances.hasAnother(tried);
  const { initialBackoffMs: initialMs, maxBackoffMs: maxMs } = call.policy.retry;
  // An instance that refused before its handler speaks for itself alone.
  const waitMs = another && neverRan ? 0 : (asked ?? 0);
  const delayMs = Math.max(waitMs, another ? 0 : fullJitterMs(count, { initialMs, maxMs }));
  if (delayMs >= (call.deadline.leftMs() ?? Infinity)) return undefined;
  return isHeld || isFirstOfNone || call.environment.budget.spend() ? delayMs : undefined;
}
