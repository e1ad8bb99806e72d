// How much of what is not done is kept in memory.
import type { Item } from "./partition-work.ts";

export class Memory {
  messages = 0;
  bytes = 0;

  hold({ content }: Item<unknown>): void {
    if (content === undefined) return;
    this.messages += 1;
    this.bytes += content.bytes;
  }

  /** Only the number of the message is kept. */
  letGo(item: Item<unknown>): void {
    if (item.content === undefined) return;
    this.messages -= 1;
    this.bytes -= item.content.bytes;
    item.content = undefined;
  }
}
