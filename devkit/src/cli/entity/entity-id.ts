// Entities on a command line.
import { UsageError } from "../backoffice/usage-error.ts";

export interface EntityId {
  readonly type: string;
  readonly id: string;
}

/** `cart/42`; ids may have slashes. @throws UsageError for anything else. */
export function entityIdOf(text: string): EntityId {
  const [, type, id] = /^([^/]+)\/(.+)$/s.exec(text) ?? [];
  if (type === undefined || id === undefined)
    throw new UsageError(`An entity must be like cart/42: current value is "${text}"`);
  return { type, id };
}

/** A number of an option, such as `--at`. */
export function numberOf(option: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(`${option} must be a number: current value is "${text}"`);
}
