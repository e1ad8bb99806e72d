// One call as a series of attempts, each on a live instance. Invariants:
//   C2a. A further attempt is made only when the last one provably never ran, or when it failed with Unavailable and
//        the method's file calls it safe to repeat; at most `maxAttempts` in all, within deadline and budget.
//        The first retry of a call that never ran costs no budget, as gRPC's transparent retries (gRFC A6).
//   C2c. A call that holds, as a gateway's does, waits for an instance that can be reached until its deadline, however
//        many attempts that takes: its caller has no other way to go, and what was not reached bears no load. So does
//        any call while the registry has no instance any more (R5): with a last one that cannot be reached, there is none.
//   C2b. It goes to an instance that has not been tried, where there is one, and then at once; else after a backoff.
import { MethodOptions_IdempotencyLevel as IdempotencyLevel, durationMs } from "@bufbuild/protobuf/wkt";
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Choice } from "../balance/index.ts";
import { SamspelError, toConnectError } from "../errors/index.ts";
import type { CallPolicy } from "../policy/index.ts";
import { backoff, backoffMs } from "../resilience/index.ts";
import { addSpanEvent, describeSpan, type Logger } from "../telemetry/index.ts";
import type { Channel } from "./channel.ts";
import type { Deadline } from "./deadline.ts";
import { errorDetail } from "./error-detail.ts";
import { judge, type Failure } from "./failure.ts";
import type { Instances } from "./instances.ts";
import type { RetryBudget } from "./retry-budget.ts";

const maxAttempts = 3;
const noneTried: ReadonlySet<Channel> = new Set();
const retryBackoff = { initialMs: 25, maxMs: 250 };

export interface Call extends Choice {
  readonly method: DescMethod;
  /** What holds for calls of the method now. */
  readonly policy: CallPolicy;
  readonly instances: Instances;
  readonly budget: RetryBudget;
  readonly deadline: Deadline;
  readonly signal: AbortSignal | undefined;
  /** How long to wait for a first instance when there is no deadline. */
  readonly waitMs: number;
  readonly registryUrl: string;
  readonly logger: Logger | undefined;
  /** Whether an instance that cannot be reached is waited for until the deadline (C2c). */
  readonly holds: boolean;
  /** False when the request can no longer be sent again, such as a stream that was begun. */
  readonly repeatable: () => boolean;
}

/** Runs attempts until one succeeds or the last one's error is final. */
export async function attemptCall<T>(call: Call, attempt: (channel: Channel) => Promise<T>): Promise<T> {
  // Most calls have one attempt.
  let tried: Set<Channel> | undefined;
  call.budget.earn();
  for (let number = 1; ; number += 1) {
    // No await between the pick and the attempt, which counts itself: calls made at once must see each other.
    const channel = call.instances.pick(tried ?? noneTried, call) ?? (await firstInstance(call));
    describeSpan({ "samspel.instance": channel.name });
    try {
      return await attempt(channel);
    } catch (error) {
      const failure = judgeOf(call, channel, error);
      tried = (tried ?? new Set()).add(channel);
      if (!(await mayTryAgain(call, failure, number, tried))) throw failure.error;
      addSpanEvent("retry", {
        "samspel.attempt": number,
        "samspel.instance": channel.name,
        "error.message": failure.error.rawMessage,
      });
      call.logger?.debug(
        { err: failure.error, method: nameOf(call.method), attempt: number },
        "a call is retried",
      );
    }
  }
}

/** What an attempt's failure means for this call. */
export function judgeOf(call: Call, channel: Channel, error: unknown): Failure {
  if (call.signal?.aborted !== true && call.deadline.isOver && isOwnTimeout(error)) {
    return { error: call.deadline.error(nameOf(call.method)), neverRan: false };
  }
  return judge(error, {
    method: nameOf(call.method),
    target: channel.name,
    endedHere: call.signal?.aborted === true || call.deadline.isOver,
  });
}

function isOwnTimeout(error: unknown): boolean {
  return (
    error instanceof ConnectError && error.code === Code.DeadlineExceeded && errorDetail(error) === undefined
  );
}

async function firstInstance(call: Call): Promise<Channel> {
  await call.instances.waitForFirst(Math.max(0, call.deadline.leftMs() ?? call.waitMs), call.signal);
  throwIfAborted(call.signal);
  const channel = call.instances.pick(noneTried, call);
  if (channel !== undefined) return channel;
  const service = call.method.parent.typeName;
  const { refused } = call.instances;
  if (refused !== undefined) {
    const message = `No instance of ${service} may be called: ${refused}`;
    throw toConnectError(new SamspelError("SAMSPEL_IDENTITY_REFUSED", message, { metadata: { service } }));
  }
  throw toConnectError(
    new SamspelError(
      "SAMSPEL_NO_INSTANCE",
      `No instance of ${service} is in the registry at ${call.registryUrl}: start a service that serves it, or ` +
        `check that its health is SERVING and that it uses the same registry`,
      { metadata: { service } },
    ),
  );
}

async function mayTryAgain(
  call: Call,
  failure: Failure,
  number: number,
  tried: ReadonlySet<Channel>,
): Promise<boolean> {
  const holds = call.holds || call.instances.isDoubted;
  const isHeld = holds && failure.neverRan && failure.error.code === Code.Unavailable;
  const helps = failure.neverRan || (failure.error.code === Code.Unavailable && isSafeToRepeat(call.method));
  if (!helps || (number >= maxAttempts && !isHeld) || call.signal?.aborted === true || !call.repeatable())
    return false;
  const asked = errorDetail(failure.error)?.retryAfter;
  const another = call.instances.hasAnother(tried);
  const delayMs = Math.max(
    asked === undefined ? 0 : durationMs(asked),
    another ? 0 : backoffMs(number, retryBackoff),
  );
  if (delayMs >= (call.deadline.leftMs() ?? Infinity)) return false;
  const isFree = isHeld || (failure.neverRan && number === 1);
  if (!isFree && !call.budget.spend()) return false;
  if (delayMs > 0) await backoff(1, call.signal, { initialMs: delayMs, maxMs: delayMs, random: () => 1 });
  throwIfAborted(call.signal);
  return true;
}

function isSafeToRepeat(method: DescMethod): boolean {
  return (
    method.idempotency === IdempotencyLevel.NO_SIDE_EFFECTS ||
    method.idempotency === IdempotencyLevel.IDEMPOTENT
  );
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw ConnectError.from(signal.reason, Code.Canceled);
}

export function nameOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}
