// The ranges that work over the journal is divided into. The number is fixed, as it stands in the names of leases and
// checkpoints; rangeCount * 64 = 1024 slices.

/** How many ranges the slices fall into. */
export const rangeCount = 16;

/** The slices of one range, 64, as a shift. */
const sliceBits = 6;

/** The range of a slice, 0 to 15. */
export function rangeOf(slice: number): number {
  return slice >> sliceBits;
}

/** What the lease and the checkpoint of one range of a work are called. */
export function rangeName(work: string, range: number): string {
  return `${work}#${range}`;
}

/** The work and the range of a lease or a checkpoint; the range is 0 where the work is not divided. */
export function parseRangeName(name: string): { readonly name: string; readonly range: number } {
  const found = /^(.*)#(\d+)$/s.exec(name);
  return found?.[1] === undefined ? { name, range: 0 } : { name: found[1], range: Number(found[2]) };
}
