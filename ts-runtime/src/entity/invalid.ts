import { SamspelError } from "../errors/index.ts";

/** A definition that cannot work; the service does not start with it (A1). */
export function invalid(message: string): SamspelError {
  return new SamspelError("SAMSPEL_INVALID_CONFIGURATION", message);
}
