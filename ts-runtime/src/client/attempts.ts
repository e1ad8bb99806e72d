// One call as a series of attempts, each on a live instance. Invariants:
//   C2a. A further attempt is made only when the last one provably never ran, or when it failed with Unavailable, or took
//        longer than an attempt may, and the method's file calls it safe to repeat; at most as many in all as the policy
//        says, within deadline and budget. The first retry of a call that no connection took costs no budget, and is there
//        whatever the policy says, as gRPC's transparent retries (gRFC A6).
//   C2b. It goes to an instance that has not been tried, where there is one, and then at once; else after a backoff. A
//        server that asks for another time gets it, one that asks for no other attempt gets none (gRFC A6).
//   C2c. A call that holds, as a gateway's does and one whose policy says `waitForReady`, waits for an instance that can be
//        reached until its deadline, however many attempts that takes: its caller has no other way to go, and what was not
//        reached bears no load. So does any call while the registry has no instance any more (R5): with a last one that
//        cannot be reached, there is none.
import { backoff } from "../resilience/index.ts";
import { addSpanEvent, describeSpan } from "../telemetry/index.ts";
import type { Attempt } from "./attempt.ts";
import type { Call } from "./call.ts";
import type { Channel } from "./channel.ts";
import { awaitAttempt, beginAttempt, throwIfLeft } from "./choose.ts";
import type { Failure } from "./failure.ts";
import { judgeAttempt, mayBeMended, nextAttemptMs } from "./judge-attempt.ts";

/** In which a server reads how many attempts of a call were made before (gRFC A6). */
export const attemptsHeader = "grpc-previous-rpc-attempts";

/** Makes one attempt; the first one has number 1. What it throws ends the attempt, and so does an answer of a unary call. */
export type Send<T> = (attempt: Attempt, number: number, signal: AbortSignal | undefined) => Promise<T>;

/** Runs attempts until one succeeds or the last one's error is final. Whoever reads a stream ends its attempt. */
export async function attemptCall<T>(call: Call, send: Send<T>, isWhole: boolean): Promise<T> {
  // Most calls have one attempt.
  let tried: Set<Channel> | undefined;
  let last: Failure | undefined;
  call.environment.budget.earn();
  for (let number = 1; ; number += 1) {
    const attempt = beginAttempt(call, tried) ?? (await awaitAttempt(call, tried, last));
    describeSpan({ "samspel.instance": attempt.channel.name });
    try {
      const answer = await send(attempt, number, call.signal);
      if (isWhole) attempt.answered();
      else attempt.heard();
      return answer;
    } catch (error) {
      last = judgeAttempt(call, attempt, error);
      attempt.failed(last);
      tried = (tried ?? new Set()).add(attempt.channel);
      await beforeNext(call, last, { count: number, max: call.policy.retry.maxAttempts, tried });
      noteRetry(call, attempt, number, last);
    }
  }
}

/** Waits for the time of the next attempt. @throws the failure, where there is none. */
async function beforeNext(
  call: Call,
  failure: Failure,
  soFar: Parameters<typeof nextAttemptMs>[2],
): Promise<void> {
  const delayMs = mayBeMended(call, failure) ? nextAttemptMs(call, failure, soFar) : undefined;
  if (delayMs === undefined) throw failure.error;
  if (delayMs > 0) await backoff(1, call.signal, { initialMs: delayMs, maxMs: delayMs, random: () => 1 });
  throwIfLeft(call);
}

export function noteRetry(call: Call, attempt: Attempt, number: number, { error }: Failure): void {
  addSpanEvent("retry", {
    "samspel.attempt": number,
    "samspel.instance": attempt.channel.name,
    "error.message": error.rawMessage,
  });
  call.calls.retried();
  call.environment.logger?.debug({ err: error, method: call.name, attempt: number }, "a call is retried");
}
