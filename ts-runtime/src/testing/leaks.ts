// The end of a test service, or of a system of them: everything is tried, whatever fails, and what could not be removed is named.

/** Something that could not be removed. */
export interface Leak {
  /** Such as `schema samspel_test_…`. */
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

/** One error that names all of it, with the reasons. */
export function leakError(name: string, leaks: readonly Leak[]): Error {
  const list = leaks.map(({ what, error }) => `${what} (${reasonOf(error)})`);
  return new AggregateError(
    leaks.map(({ error }) => error),
    `Test service ${name} leaves behind: ${list.join("; ")}`,
  );
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${reasonOf(error.cause)}`;
}
