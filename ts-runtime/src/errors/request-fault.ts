// Errors of what a caller has sent, which his handler meets when it reads it. They are for the caller, whatever their code,
// and no failure of the handler's: anybody could fill its log with them.

const faults = new WeakSet<object>();

/** Notes that an error is the caller's; the error itself. */
export function asRequestFault<E>(error: E): E {
  if (typeof error === "object" && error !== null) faults.add(error);
  return error;
}

export function isRequestFault(error: unknown): boolean {
  return typeof error === "object" && error !== null && faults.has(error);
}
