// Every error code of Samspel in one table: its gRPC code and whether sending the same request again may help.
// A test requires each of them in docs/reference/errors.md.
import { Code } from "@connectrpc/connect";

export type ErrorCode =
  | "SAMSPEL_REJECTED"
  | "SAMSPEL_INVALID_REQUEST"
  | "SAMSPEL_INVALID_CONFIGURATION"
  | "SAMSPEL_EVENTS_INCOMPATIBLE"
  | "SAMSPEL_DESCRIPTORS_INCOMPATIBLE"
  | "SAMSPEL_REVISION_CONFLICT"
  | "SAMSPEL_NOT_FOUND"
  | "SAMSPEL_NO_INSTANCE"
  | "SAMSPEL_INSTANCE_UNREACHABLE"
  | "SAMSPEL_CONNECTION_LOST"
  | "SAMSPEL_CIRCUIT_OPEN"
  | "SAMSPEL_BULKHEAD_FULL"
  | "SAMSPEL_REGISTRY_UNREACHABLE"
  | "SAMSPEL_IDENTITY_REFUSED"
  | "SAMSPEL_CALLER_DENIED"
  | "SAMSPEL_UNAUTHENTICATED"
  | "SAMSPEL_TOKEN_INVALID"
  | "SAMSPEL_TOKEN_EXPIRED"
  | "SAMSPEL_ISSUER_UNREACHABLE"
  | "SAMSPEL_DRAINING"
  | "SAMSPEL_DATABASE_UNREACHABLE"
  | "SAMSPEL_DATABASE_FULL"
  | "SAMSPEL_BROKER_UNREACHABLE"
  | "SAMSPEL_DEADLINE_EXCEEDED"
  | "SAMSPEL_OVERLOADED"
  | "SAMSPEL_EVENT_TOO_LARGE"
  | "SAMSPEL_LEASE_LOST"
  | "SAMSPEL_JOURNAL_CORRUPT"
  | "SAMSPEL_EVENT_UNKNOWN"
  | "SAMSPEL_TIMER_GONE"
  | "SAMSPEL_POSITION_GONE"
  | "SAMSPEL_TELL_TOO_LARGE"
  | "SAMSPEL_REPLY_GONE"
  | "SAMSPEL_PROJECTION_BEHIND"
  | "SAMSPEL_CHANGES_GONE"
  | "SAMSPEL_INTERNAL";

interface CodeEntry {
  readonly grpc: Code;
  readonly retryable: boolean;
}

/** The stable codes; they are part of the API and never change their meaning. */
export const errorCodes: Readonly<Record<ErrorCode, CodeEntry>> = {
  SAMSPEL_REJECTED: { grpc: Code.FailedPrecondition, retryable: false },
  SAMSPEL_INVALID_REQUEST: { grpc: Code.InvalidArgument, retryable: false },
  SAMSPEL_INVALID_CONFIGURATION: { grpc: Code.FailedPrecondition, retryable: false },
  SAMSPEL_EVENTS_INCOMPATIBLE: { grpc: Code.FailedPrecondition, retryable: false },
  SAMSPEL_DESCRIPTORS_INCOMPATIBLE: { grpc: Code.FailedPrecondition, retryable: false },
  SAMSPEL_REVISION_CONFLICT: { grpc: Code.Aborted, retryable: true },
  SAMSPEL_NOT_FOUND: { grpc: Code.NotFound, retryable: false },
  SAMSPEL_NO_INSTANCE: { grpc: Code.Unavailable, retryable: true },
  SAMSPEL_INSTANCE_UNREACHABLE: { grpc: Code.Unavailable, retryable: true },
  SAMSPEL_CONNECTION_LOST: { grpc: Code.Unavailable, retryable: true },
  SAMSPEL_CIRCUIT_OPEN: { grpc: Code.Unavailable, retryable: true },
  SAMSPEL_BULKHEAD_FULL: { grpc: Code.ResourceExhausted, retryable: true },
  SAMSPEL_REGISTRY_UNREACHABLE: { grpc: Code.Unavailable, retryable: true },
  SAMSPEL_IDENTITY_REFUSED: { grpc: Code.Unauthenticated, retryable: false },
  SAMSPEL_CALLER_DENIED: { grpc: Code.PermissionDenied, retryable: false },
  SAMSPEL_UNAUTHENTICATED: { grpc: Code.Unauthenticated, retryable: false },
  SAMSPEL_TOKEN_INVALID: { grpc: Code.Unauthenticated, retryable: false },
  SAMSPEL_TOKEN_EXPIRED: { grpc: Code.Unauthenticated, retryable: false },
  SAMSPEL_ISSUER_UNREACHABLE: { grpc: Code.Unavailable, retryable: true },
  SAMSPEL_DRAINING: { grpc: Code.Unavailable, retryable: true },
  SAMSPEL_DATABASE_UNREACHABLE: { grpc: Code.Unavailable, retryable: true },
  SAMSPEL_DATABASE_FULL: { grpc: Code.ResourceExhausted, retryable: true },
  SAMSPEL_BROKER_UNREACHABLE: { grpc: Code.Unavailable, retryable: true },
  SAMSPEL_DEADLINE_EXCEEDED: { grpc: Code.DeadlineExceeded, retryable: false },
  SAMSPEL_OVERLOADED: { grpc: Code.ResourceExhausted, retryable: true },
  SAMSPEL_EVENT_TOO_LARGE: { grpc: Code.ResourceExhausted, retryable: false },
  SAMSPEL_LEASE_LOST: { grpc: Code.Aborted, retryable: true },
  SAMSPEL_JOURNAL_CORRUPT: { grpc: Code.DataLoss, retryable: false },
  SAMSPEL_EVENT_UNKNOWN: { grpc: Code.DataLoss, retryable: false },
  SAMSPEL_TIMER_GONE: { grpc: Code.Aborted, retryable: false },
  SAMSPEL_POSITION_GONE: { grpc: Code.OutOfRange, retryable: false },
  SAMSPEL_TELL_TOO_LARGE: { grpc: Code.ResourceExhausted, retryable: false },
  SAMSPEL_REPLY_GONE: { grpc: Code.NotFound, retryable: false },
  SAMSPEL_PROJECTION_BEHIND: { grpc: Code.DeadlineExceeded, retryable: true },
  SAMSPEL_CHANGES_GONE: { grpc: Code.Aborted, retryable: true },
  SAMSPEL_INTERNAL: { grpc: Code.Internal, retryable: false },
};
