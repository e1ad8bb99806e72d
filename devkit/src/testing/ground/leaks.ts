// The end of a system: everything is tried, whatever fails, and what could not be removed is named.

/** Something that could not be removed. */
export interface Leak {
  /** Such as `database samspel_system_…`. */
  readonly what: string;
  readonly error: unknown;
}

/** Tries each, one after the other, and tells which failed. */
export async function attemptAll(
  steps: ReadonlyArray<readonly [what: string, step: () => Promise<unknown>]>,
): Promise<readonly Leak[]> {
  const leaks: Leak[] = [];
  for (const [what, step] of steps) {
    try {
      await step();
    } catch (error) {
      leaks.push({ what, error });
    }
  }
  return leaks;
}
