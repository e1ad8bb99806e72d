// What a handler's failure means for the tell that it was given.
import { Code, type ConnectError } from "@connectrpc/connect";
import { errorDetail } from "../client/index.ts";
import { SamspelError, toConnectError, type ErrorCode } from "../errors/index.ts";
import { isTransient } from "../postgres/index.ts";

/**
 * `rejected`: the handler's word, which another attempt would not change. `failed`: another attempt may help, and counts.
 * `postponed`: not the tell's fault; another attempt does not count.
 */
export type Verdict =
  | { readonly type: "rejected"; readonly error: ConnectError }
  | { readonly type: "failed"; readonly error: ConnectError }
  | { readonly type: "postponed"; readonly error: ConnectError };

/** What this instance lacks at the moment, whatever the tell says. */
const ofThisInstance: ReadonlySet<ErrorCode> = new Set([
  "SAMSPEL_DATABASE_UNREACHABLE",
  "SAMSPEL_DATABASE_FULL",
  "SAMSPEL_BROKER_UNREACHABLE",
  "SAMSPEL_OVERLOADED",
  "SAMSPEL_DRAINING",
  "SAMSPEL_LEASE_LOST",
]);

/** What a service says about itself, not about a request. */
const ofTheService: ReadonlySet<ErrorCode> = new Set([
  "SAMSPEL_INVALID_CONFIGURATION",
  "SAMSPEL_EVENTS_INCOMPATIBLE",
]);

const final: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.AlreadyExists,
  Code.PermissionDenied,
  Code.Unauthenticated,
  Code.FailedPrecondition,
  Code.OutOfRange,
  Code.Unimplemented,
]);

/** Judges what a handler threw. */
export function judge(error: unknown): Verdict {
  const seen = toConnectError(error);
  if (error instanceof SamspelError) {
    if (ofThisInstance.has(error.code)) return { type: "postponed", error: seen };
    if (ofTheService.has(error.code)) return { type: "failed", error: seen };
  }
  if (isTransient(error)) return { type: "postponed", error: seen };
  const isFinal = final.has(seen.code) && errorDetail(seen)?.retryable !== true;
  return { type: isFinal ? "rejected" : "failed", error: seen };
}
