// What became of a call, as far as it says something of the instance that had it.
import { Code } from "@connectrpc/connect";

export interface FailedCall {
  readonly type: "failed";
  readonly code: Code;
  /** The request provably never reached a handler. */
  readonly neverRan: boolean;
}

export type CallOutcome =
  | { readonly type: "answered" }
  | FailedCall
  /** Ended here, by who made the call: it says nothing of the instance, but that it took so long. */
  | { readonly type: "left" };

export const answered: CallOutcome = { type: "answered" };
export const left: CallOutcome = { type: "left" };

/**
 * Whether an instance refused a call before its handler as it has too many: it works, and does what it can. To leave it out
 * for that would leave its share to the others, which may be as full.
 */
export function isShed(outcome: CallOutcome): boolean {
  return outcome.type === "failed" && outcome.neverRan && outcome.code === Code.ResourceExhausted;
}

/** Whether an instance is to blame (C4): never for what its caller did wrong, and never for a call that was cancelled. */
export function isFault(outcome: CallOutcome): boolean {
  if (outcome.type !== "failed") return false;
  switch (outcome.code) {
    case Code.Unavailable:
    case Code.DeadlineExceeded:
    case Code.Internal:
    case Code.Unknown:
    case Code.ResourceExhausted:
      return true;
    default:
      return false;
  }
}
