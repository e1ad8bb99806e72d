// Structured concurrency for the start: nothing that was begun is left running when one part fails.

/**
 * Runs all at once. On the first failure the others are told through the signal, all are awaited, and that failure is
 * thrown.
 */
export async function allOrAbort<Results extends readonly unknown[]>(
  abort: AbortController,
  work: { readonly [Index in keyof Results]: Promise<Results[Index]> },
): Promise<Results> {
  const guarded = work.map(async (promise: Promise<unknown>) => {
    try {
      return await promise;
    } catch (error) {
      if (!abort.signal.aborted) abort.abort(error);
      throw error;
    }
  });
  await Promise.allSettled(guarded);
  if (abort.signal.aborted) throw abort.signal.reason;
  // All have settled, none has failed: this only collects them, in order.
  return (await Promise.all(guarded)) as unknown as Results;
}
