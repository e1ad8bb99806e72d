/** Whether a handler's answer comes later: one that is there needs no turn of the loop. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
