// A gRPC call that fails here, in the gateway: headers alone, or the trailers of what has begun.
import { ConnectError } from "@connectrpc/connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";

/** `grpc-status`, `grpc-message` and `grpc-status-details-bin`. */
export function statusHeaders(error: ConnectError): Record<string, string> {
  const headers = new Headers();
  setTrailerStatus(headers, error);
  return Object.fromEntries(headers);
}
