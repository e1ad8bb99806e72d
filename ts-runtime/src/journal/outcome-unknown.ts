import { SamspelError } from "../errors/index.ts";

/** The error of what was sent and may have been committed: `what` is "an append", for example. */
export function outcomeUnknown(what: string, cause: unknown, retryForMs: number): SamspelError {
  return new SamspelError(
    "SAMSPEL_DATABASE_UNREACHABLE",
    `The outcome of ${what} is unknown: the database did not answer for ${retryForMs} ms`,
    { cause, metadata: { outcome: "unknown" } },
  );
}
