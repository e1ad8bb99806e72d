// How many dead letters there are, without reading them.
import { apiErrorOf, streamNotFound } from "./api-error.ts";
import type { Broker } from "./broker.ts";
import { deadLetterStream, deadLetterSubject } from "./stream.ts";

/** Counts the dead letters of a group in a topic. */
export async function countDeadLetters(
  { manager, prefix }: Broker,
  { group, topic }: { readonly group: string; readonly topic: string },
): Promise<number> {
  const subject = deadLetterSubject(prefix, group, { name: topic });
  try {
    const { state } = await manager.streams.info(deadLetterStream(prefix), { subjects_filter: subject });
    return state.subjects?.[subject] ?? 0;
  } catch (error) {
    if (apiErrorOf(error) === streamNotFound) return 0;
    throw error;
  }
}
