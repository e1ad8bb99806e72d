// The RPC edge: our errors to Connect's and back (C5). Nothing else converts.
import { create } from "@bufbuild/protobuf";
import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorDetailSchema } from "../gen/samspel/v1/errors_pb.ts";
import { errorCodes, type ErrorCode } from "./codes.ts";
import { SamspelError } from "./samspel-error.ts";

/** A failure as the caller may see it: unknown errors become `Internal` with no message of ours (C5). */
export function toConnectError(error: unknown): ConnectError {
  if (error instanceof ConnectError) return error;
  if (!(error instanceof SamspelError)) return new ConnectError("internal error", Code.Internal);
  const detail = create(ErrorDetailSchema, {
    code: error.code,
    retryable: error.retryable,
    metadata: { ...error.metadata },
    ...(error.retryAfterMs === undefined ? {} : { retryAfter: durationFromMs(error.retryAfterMs) }),
  });
  return new ConnectError(
    error.message,
    error.grpc,
    undefined,
    [{ desc: ErrorDetailSchema, value: detail }],
    error,
  );
}

/** Whether a failure was meant for the caller; any other one belongs in the log, whole. */
export function isExpected(error: unknown): boolean {
  return error instanceof SamspelError || (error instanceof ConnectError && error.code !== Code.Internal);
}

/** A caller's view of a failed call: a SamspelError where the peer sent our detail, else the ConnectError itself. */
export function fromConnectError(error: ConnectError): SamspelError | ConnectError {
  const [detail] = error.findDetails(ErrorDetailSchema);
  if (detail === undefined || !isErrorCode(detail.code)) return error;
  return new SamspelError(detail.code, error.rawMessage, {
    cause: error,
    grpc: error.code,
    retryable: detail.retryable,
    metadata: detail.metadata,
    ...(detail.retryAfter === undefined ? {} : { retryAfterMs: durationMs(detail.retryAfter) }),
  });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code);
}
