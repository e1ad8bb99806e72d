// What the end of a call means to a script.

/** As shells count SIGINT. */
export const interrupted = 130;

const refused = 1;
const again = 3;
const defect = 4;

const codes: Readonly<Record<string, number>> = {
  OK: 0,
  INVALID_ARGUMENT: refused,
  NOT_FOUND: refused,
  ALREADY_EXISTS: refused,
  PERMISSION_DENIED: refused,
  UNAUTHENTICATED: refused,
  FAILED_PRECONDITION: refused,
  OUT_OF_RANGE: refused,
  CANCELLED: again,
  DEADLINE_EXCEEDED: again,
  RESOURCE_EXHAUSTED: again,
  ABORTED: again,
  UNAVAILABLE: again,
};

/** 1 where the same request will fail again, 3 where it may succeed, 4 where the service has a defect. */
export function exitCodeOf(code: string): number {
  return codes[code] ?? defect;
}
