// The error of a call that is meant to fail.
import { ConnectError } from "@connectrpc/connect";

/** @throws where it did not fail. */
export async function failureOf(call: Promise<unknown>): Promise<ConnectError> {
  return call.then(
    () => Promise.reject(new Error("the call was meant to fail")),
    (error: unknown) => ConnectError.from(error),
  );
}
