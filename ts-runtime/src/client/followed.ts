// The answers of a stream as they come, and how it ends: with the last one, with an error, or when its caller leaves.

type StreamEnd =
  | { readonly type: "answered" }
  | { readonly type: "failed"; readonly error: unknown }
  /** Its caller has left. */
  | { readonly type: "left" };

interface Follower {
  /** The error that the reader gets in the place of another. Default: that one. */
  errorOf?(error: unknown): unknown;
  /** Once, with the first end. */
  ended(end: StreamEnd): void;
}

/** Tells a follower of the end; the answers are passed on as they are. */
export function followed<T>(
  answers: AsyncIterable<T>,
  signal: AbortSignal | undefined,
  follower: Follower,
): AsyncIterable<T> {
  let isOver = false;
  const over = (end: StreamEnd): void => {
    if (isOver) return;
    isOver = true;
    signal?.removeEventListener("abort", onLeft);
    follower.ended(end);
  };
  const onLeft = (): void => over({ type: "left" });
  if (signal?.aborted === true) onLeft();
  else signal?.addEventListener("abort", onLeft, { once: true });
  return {
    [Symbol.asyncIterator]() {
      const iterator = answers[Symbol.asyncIterator]();
      return {
        async next() {
          try {
            const answer = await iterator.next();
            if (answer.done === true) over({ type: "answered" });
            return answer;
          } catch (caught) {
            const error = follower.errorOf === undefined ? caught : follower.errorOf(caught);
            over({ type: "failed", error });
            throw error;
          }
        },
      };
    },
  };
}
