// The RPC edge: our errors become Connect's (C5). Nothing else converts; `errorDetail` of a client reads them.
import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorDetailSchema } from "../gen/samspel/v1/errors_pb.ts";
import { isRequestFault } from "./request-fault.ts";
import { SamspelError } from "./samspel-error.ts";

/** A failure as the caller may see it: unknown errors become `Internal` with no message of ours (C5). */
export function toConnectError(error: unknown): ConnectError {
  if (error instanceof ConnectError) return error;
  if (!(error instanceof SamspelError)) return new ConnectError("internal error", Code.Internal);
  const own = create(ErrorDetailSchema, {
    code: error.reason,
    retryable: error.retryable,
    metadata: { ...error.metadata },
    ...(error.retryAfterMs === undefined ? {} : { retryAfter: durationFromMs(error.retryAfterMs) }),
  });
  return new ConnectError(
    error.message,
    error.grpc,
    undefined,
    [{ desc: ErrorDetailSchema, value: own }, ...error.details],
    error,
  );
}

/** Whether a failure was meant for the caller; any other one belongs in the log, whole. */
export function isExpected(error: unknown): boolean {
  if (error instanceof SamspelError || isRequestFault(error)) return true;
  return error instanceof ConnectError && error.code !== Code.Internal;
}
