// Reading what an error says beside its gRPC code, wherever it was made.
import { ConnectError } from "@connectrpc/connect";
import { SamspelError, toConnectError } from "../errors/index.ts";
import { ErrorDetailSchema, type ErrorDetail } from "../gen/samspel/v1/errors_pb.ts";

/** The detail of a failed call: its stable code, whether a retry may help, its metadata. Undefined if it has none. */
export function errorDetail(error: unknown): ErrorDetail | undefined {
  if (error instanceof SamspelError) return errorDetail(toConnectError(error));
  return error instanceof ConnectError ? error.findDetails(ErrorDetailSchema)[0] : undefined;
}
