// Reads messages again that were set aside (O2), when their turn has come.
import type { Memory } from "./memory.ts";
import type { ResolvedConsumer } from "./options.ts";
import type { Item, Lane } from "./partition-work.ts";
import type { Received } from "./received.ts";

export interface ReadAgainParts<T> {
  readonly options: ResolvedConsumer<T>;
  readonly memory: Memory;
  /** Undefined where the stream no longer has it. */
  readonly fetch: (sequence: number) => Promise<Received | undefined>;
}

/**
 * Gives items their content again.
 * @returns the first one that is no longer in the stream; those behind it are left as they are.
 */
export async function readAgain<T>(
  items: readonly Item<T>[],
  lane: Lane<T>,
  { options, memory, fetch }: ReadAgainParts<T>,
): Promise<Item<T> | undefined> {
  for (const item of items) {
    if (item.content !== undefined) continue;
    const message = await fetch(item.sequence);
    if (message === undefined) {
      options.logger.warn({ sequence: item.sequence }, "message is no longer in the stream; left out");
      return item;
    }
    const { value } = options.open(message);
    item.content = { message, value, bytes: message.data.length };
    if (lane.state !== "gone") memory.hold(item);
  }
  return undefined;
}
