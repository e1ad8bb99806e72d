// A handler that is done when it returns costs no promise.

/** Runs a handler; undefined where it is done, else a promise of its end. */
export function settledOr(run: () => unknown): PromiseLike<unknown> | undefined {
  try {
    const result = run();
    return isThenable(result) ? result : undefined;
  } catch (error) {
    return Promise.reject(error instanceof Error ? error : new Error(String(error)));
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
