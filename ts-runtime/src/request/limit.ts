// How long a page may be.
import { refuse } from "./refuse.ts";

const defaultLimit = 100;
const maxLimit = 1_000;

/** The limit, or its default of 100 where none is given. @throws SAMSPEL_INVALID_REQUEST */
export function limitOf(limit: number): number {
  if (limit === 0) return defaultLimit;
  if (limit >= 1 && limit <= maxLimit) return limit;
  throw refuse("limit", `1 to ${maxLimit}`, String(limit));
}
