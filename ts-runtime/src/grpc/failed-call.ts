// What a stream that ended without a status means for its call.
import { Code, ConnectError } from "@connectrpc/connect";
import type { StreamFailure } from "./stream-failure.ts";

export function failedCall(failure: StreamFailure): ConnectError {
  const code = failure.kind === "canceled" ? Code.Canceled : Code.Unavailable;
  return new ConnectError(failure.message, code, undefined, undefined, failure);
}
