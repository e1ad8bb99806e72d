// The answers of a stream as they come; its attempt ends with the last one, with an error, or when the caller leaves.
import type { Attempt } from "./attempt.ts";
import { leavePlace } from "./bulkhead-place.ts";
import type { Call } from "./call.ts";
import { judgeAttempt } from "./judge-attempt.ts";

export interface Following {
  readonly call: Call;
  readonly attempt: Attempt;
  /** Whether the call has a place in its bulkhead, to be left with the end. */
  readonly bounded: boolean;
}

export function followed<T>(
  answers: AsyncIterable<T>,
  { call, attempt, bounded }: Following,
): AsyncIterable<T> {
  let isOver = false;
  const over = (): void => {
    if (isOver) return;
    isOver = true;
    call.signal?.removeEventListener("abort", onLeft);
    if (bounded) leavePlace(call);
  };
  const onLeft = (): void => {
    attempt.left();
    over();
  };
  if (call.isLeft) onLeft();
  else call.signal?.addEventListener("abort", onLeft, { once: true });
  return {
    [Symbol.asyncIterator]() {
      const iterator = answers[Symbol.asyncIterator]();
      return {
        async next() {
          try {
            const answer = await iterator.next();
            if (answer.done === true) {
              attempt.answered();
              over();
            }
            return answer;
          } catch (error) {
            const failure = judgeAttempt(call, attempt, error);
            attempt.failed(failure);
            over();
            throw failure.error;
          }
        },
      };
    },
  };
}
