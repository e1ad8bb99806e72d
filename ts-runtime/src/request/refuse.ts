// Refusals of what cannot be right in any state: each names the field, what it must be and what it is.
import { SamspelError } from "../errors/index.ts";

const maxTextLength = 500;

export function refuse(field: string, must: string, value: string): SamspelError {
  return new SamspelError(
    "SAMSPEL_INVALID_REQUEST",
    `${field} must be ${must}: current value is "${value}"`,
    {
      metadata: { field },
    },
  );
}

/** Whether Postgres and people can do something with it. */
export function isText(text: string): boolean {
  return text.length <= maxTextLength && !text.includes("\0");
}

/** A value as an error may show it. */
export function shown(text: string): string {
  return text.length <= 100 ? text.replaceAll("\0", "\\0") : `${text.length} characters`;
}
