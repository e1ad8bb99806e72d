// A stream that nobody has made yet, or that went away, is no failure for those who look.
import { NatsError } from "nats";

const streamNotFound = 10_059;

/** Whether an error of JetStream's API says that there is no such stream. */
export function isStreamMissing(error: unknown): boolean {
  return error instanceof NatsError && error.api_error?.err_code === streamNotFound;
}
