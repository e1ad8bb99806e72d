// Ending a call whose handler does not look at its signal. Invariants:
//   E1. When the signal aborts, the caller is answered at once, whatever the handler does.
//   E2. No listener outlives the call, and a stream costs one listener, not one a message.

/** What `work` resolves to, or a rejection with the signal's reason as soon as that aborts (E1). */
export function untilAborted<T>(signal: AbortSignal, work: PromiseLike<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(
      (value) => {
        signal.removeEventListener("abort", onAbort);
        resolve(value);
      },
      (error: unknown) => {
        signal.removeEventListener("abort", onAbort);
        reject(error);
      },
    );
  });
}

/** The same for each item of an iterable; when the signal aborts, the iterable is told to return. */
export async function* eachUntilAborted<T>(signal: AbortSignal, items: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  let interrupt: ((reason: unknown) => void) | undefined;
  const onAbort = (): void => interrupt?.(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  let done = false;
  try {
    while (true) {
      signal.throwIfAborted();
      const item = await new Promise<IteratorResult<T, unknown>>((resolve, reject) => {
        interrupt = reject;
        iterator.next().then(resolve, reject);
      });
      if (item.done === true) {
        done = true;
        return;
      }
      yield item.value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    // Not awaited: a handler that hangs would hang us too (E1).
    if (!done) iterator.return?.()?.then(undefined, () => {});
  }
}
