// Looking, with what was found in the error.
import { isDeepStrictEqual } from "node:util";

/** @throws with what was expected and what was found. */
export function equal<T>(what: string, found: T, expected: T): void {
  if (isDeepStrictEqual(found, expected)) return;
  throw new Error(`${what}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
}
