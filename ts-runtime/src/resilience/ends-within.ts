// Work that is waited for, but not for ever.

/** Whether the work ended in time; it goes on where it did not. @throws What the work throws. */
export async function endsWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  const { promise: over, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, ms, false);
  try {
    return await Promise.race([work.then(() => true), over]);
  } finally {
    clearTimeout(timer);
  }
}
