// What cannot work is said before anything starts (A1).
import { SamspelError } from "./samspel-error.ts";

/** A definition or a setting that cannot work; the message names it, what it must be and what it is. */
export function invalidConfiguration(message: string): SamspelError {
  return new SamspelError("SAMSPEL_INVALID_CONFIGURATION", message);
}
