import { SamspelError } from "../errors/index.ts";

/**
 * The error of what was tried in vain for too long: `what` is "an append", for example. Only a lost answer leaves a
 * doubt: what Postgres itself refused or ended wrote nothing.
 */
export function noOutcome(
  what: string,
  cause: unknown,
  { retryForMs, inDoubt }: { readonly retryForMs: number; readonly inDoubt: boolean },
): SamspelError {
  return new SamspelError(
    "SAMSPEL_DATABASE_UNREACHABLE",
    inDoubt
      ? `The outcome of ${what} is unknown: the database did not answer for ${retryForMs} ms`
      : `Nothing was written of ${what}: the database could not take it for ${retryForMs} ms`,
    { cause, metadata: { outcome: inDoubt ? "unknown" : "not written" } },
  );
}
