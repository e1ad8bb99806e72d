// What waits to be published: queues in which one goes after the other, and the order of their first ones.
import type { Lane } from "./lane.ts";
import type { OutgoingMessage, PublishOutcome } from "./publisher.ts";

export interface Entry {
  readonly message: OutgoingMessage;
  readonly lane: Lane | undefined;
  readonly queue: string;
  readonly onOutcome: (outcome: PublishOutcome) => void;
  /** The next one of its queue. */
  next: Entry | undefined;
  sentAtMs: number;
  /** When it was sent for the first time without an answer since; 0 where that is not so. */
  unsureSinceMs: number;
  /** A sequence that it lies behind, if it is stored. */
  floor: number;
  /** Under which number its ack comes; 0 while it is not in flight. */
  reply: number;
  isOver: boolean;
}

export interface SendQueue {
  /** Takes an entry in; true where it is the first of its queue. */
  add(entry: Entry): boolean;
  /** The next one to be sent; it stays the first of its queue. */
  next(): Entry | undefined;
  /** It has to be sent again, before the others. */
  again(entry: Entry): void;
  /** Its queue goes on with the next one. Once for each, when it is over and not in flight. */
  advance(entry: Entry): void;
}

export function createEntry(
  message: OutgoingMessage,
  lane: Lane | undefined,
  onOutcome: (outcome: PublishOutcome) => void,
): Entry {
  return {
    message,
    lane,
    queue: lane === undefined ? message.key : lane.queueOf(message.key),
    onOutcome,
    next: undefined,
    sentAtMs: 0,
    unsureSinceMs: 0,
    floor: 0,
    reply: 0,
    isOver: false,
  };
}

export function createSendQueue(): SendQueue {
  /** The last one of each queue that has any. */
  const queues = new Map<string, Entry>();
  /** The first ones of their queues, in order; `readyFrom` of them were taken. */
  let ready: Entry[] = [];
  let readyFrom = 0;
  /** To be sent again, before the others. */
  const again: Entry[] = [];
  return {
    add(entry) {
      const last = queues.get(entry.queue);
      queues.set(entry.queue, entry);
      if (last === undefined) ready.push(entry);
      else last.next = entry;
      return last === undefined;
    },
    next() {
      const first = again.shift();
      if (first !== undefined) return first;
      const entry = ready[readyFrom];
      if (entry === undefined) return undefined;
      readyFrom += 1;
      if (readyFrom > 1_024 && readyFrom * 2 > ready.length) {
        ready = ready.slice(readyFrom);
        readyFrom = 0;
      }
      return entry;
    },
    again(entry) {
      again.push(entry);
    },
    advance(entry) {
      if (queues.get(entry.queue) === entry) queues.delete(entry.queue);
      if (entry.next !== undefined) ready.push(entry.next);
    },
  };
}
