// The errors of JetStream's API that are told apart, by their numbers.
import { NatsError } from "nats";

export const noMessageFound = 10_037;
export const streamNameInUse = 10_058;
export const streamNotFound = 10_059;

/** The number of a JetStream API error; 0 for any other failure. */
export function apiErrorOf(error: unknown): number {
  return error instanceof NatsError ? (error.api_error?.err_code ?? 0) : 0;
}
