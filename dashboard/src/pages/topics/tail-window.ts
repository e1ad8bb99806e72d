// The latest messages of a topic, in a bounded amount of memory.
//
//   L1. The oldest leave where there are too many messages or too much text. The newest one always stays.
//   L2. All are counted, so that one knows how many passed.
import type { TopicMessage } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";

/** A message, and which one it is since listening began. */
export interface TailMessage {
  readonly number: number;
  readonly message: TopicMessage;
}

/** What is kept of a topic. */
export interface TailWindow {
  /** The oldest first. */
  readonly messages: readonly TailMessage[];
  /** How many came. */
  readonly count: number;
  /** How much text is kept. */
  readonly chars: number;
}

/** Nothing came yet. */
export const emptyTail: TailWindow = { messages: [], count: 0, chars: 0 };

const maxMessages = 2_000;
const maxChars = 8_000_000;

/** The window after some more messages. */
export function addToTail(tail: TailWindow, more: readonly TopicMessage[]): TailWindow {
  if (more.length === 0) return tail;
  const added = more.map((message, index) => ({ number: tail.count + index + 1, message }));
  const all = [...tail.messages, ...added];
  let chars = tail.chars + added.reduce((sum, { message }) => sum + sizeOf(message), 0);
  let from = 0;
  while (from < all.length - 1 && (all.length - from > maxMessages || chars > maxChars)) {
    chars -= sizeOf(all[from]?.message);
    from++;
  }
  return { messages: all.slice(from), count: tail.count + more.length, chars };
}

function sizeOf(message: TopicMessage | undefined): number {
  return message === undefined ? 0 : message.message.length + message.problem.length;
}
