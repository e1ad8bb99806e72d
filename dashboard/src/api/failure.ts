// What went wrong, in words that say what to do.
import { Code, ConnectError } from "@connectrpc/connect";

/** An error for people. */
export interface Failure {
  readonly title: string;
  readonly text: string;
  /** The server could not be reached: it is tried again by itself. */
  readonly away: boolean;
}

/** Makes an error readable. */
export function failureOf(error: unknown): Failure {
  const { code, rawMessage } = ConnectError.from(error);
  // A fetch that reaches nobody is a TypeError, and comes as UNKNOWN or UNAVAILABLE.
  const away = code === Code.Unavailable || /fetch|network|load failed/i.test(rawMessage);
  if (away) return { title: "Not reachable right now", text: rawMessage, away };
  switch (code) {
    case Code.Unimplemented:
      return { title: "This service does not offer that", text: rawMessage, away };
    case Code.NotFound:
      return { title: "Not found", text: rawMessage, away };
    case Code.FailedPrecondition:
      return { title: "Not possible as things are", text: rawMessage, away };
    case Code.PermissionDenied:
    case Code.Unauthenticated:
      return { title: "Not allowed", text: rawMessage, away };
    default:
      return { title: "That failed", text: rawMessage, away };
  }
}

/** Whether an error only says that nobody waits any more. */
export function isAbort(error: unknown): boolean {
  return ConnectError.from(error).code === Code.Canceled;
}
