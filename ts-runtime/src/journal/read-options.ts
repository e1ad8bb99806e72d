// What a reader may ask for, checked before it reaches a statement.
import { rangeCount } from "../cluster/index.ts";
import { sliceCount } from "../descriptor/index.ts";
import type { ReadOptions } from "./journal.ts";

const defaultLimit = 1_000;
const maxLimit = 100_000;

/** Gives the options back with their limit. @throws RangeError that names the option, what it must be and what it is. */
export function resolveReadOptions<O extends Pick<ReadOptions, "limit" | "slices" | "ranges">>(
  options: O,
): O & { readonly limit: number } {
  const { slices, ranges = [], limit = defaultLimit } = options;
  requireInteger("limit", limit, { from: 1, to: maxLimit });
  if (slices !== undefined) {
    requireInteger("slices.from", slices.from, { from: 0, to: sliceCount - 1 });
    requireInteger("slices.to", slices.to, { from: slices.from, to: sliceCount - 1 });
  }
  for (const range of ranges) requireInteger("ranges", range, { from: 0, to: rangeCount - 1 });
  return { ...options, limit };
}

function requireInteger(
  what: string,
  value: number,
  { from, to }: { readonly from: number; readonly to: number },
): void {
  if (Number.isInteger(value) && value >= from && value <= to) return;
  throw new RangeError(
    `Cannot read the journal as ${what} must be an integer from ${from} to ${to}: current value is ${value}`,
  );
}
