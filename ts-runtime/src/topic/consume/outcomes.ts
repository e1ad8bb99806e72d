// What becomes of messages when their handler ended: done, tried again, or given up.
//
// O1. A message whose handler failed is tried again after a backoff, and only its key waits for it. (Of batches: its
//     partition. One that fails is tried message by message, so that the others are not blamed.)
// O2. What waits behind it is set aside: its number is kept, and its body is read again when its turn comes. So a key
//     that waits takes no room from the others.
// O3. An exhausted message goes on only when it is stored as a dead letter; until then, it is tried again.
import { backoffMs } from "../../resilience/index.ts";
import type { DispatcherParts } from "./dispatcher.ts";
import type { Lineup } from "./lineup.ts";
import type { Memory } from "./memory.ts";
import { Fenced, GiveUp, Postponed } from "./options.ts";
import type { Item, Lane } from "./partition-work.ts";

/** So many messages that wait for their retry are kept in memory; those beyond are read again. */
const keptHeads = 256;

/** How a message came to its end. */
type Ending = "handled" | "parked" | "skipped" | "left out";

export class Outcomes<T> {
  readonly #parts: DispatcherParts<T>;
  readonly #lineup: Lineup<T>;
  readonly #memory: Memory;
  readonly #pump: () => void;
  /** How often in a row each was postponed. */
  readonly #postponed: WeakMap<Item<T>, number> = new WeakMap();

  constructor(options: {
    readonly parts: DispatcherParts<T>;
    readonly lineup: Lineup<T>;
    readonly memory: Memory;
    readonly pump: () => void;
  }) {
    this.#parts = options.parts;
    this.#lineup = options.lineup;
    this.#memory = options.memory;
    this.#pump = options.pump;
  }

  /** The first messages of a lane are done with. */
  finish(lane: Lane<T>, items: readonly Item<T>[], ending: Ending): void {
    const { measures, touch, onProgress } = this.#parts;
    const { partition } = lane;
    if (ending === "handled") {
      measures.handled(items.length);
      for (const { replay } of items) replay?.settle({ type: "handled" });
    }
    if (lane.state !== "gone") {
      const wasCareful = partition.careful > 0;
      for (const item of items) {
        this.#memory.letGo(item);
        if (item.replay !== undefined) continue;
        partition.undone.delete(item.sequence);
        partition.troubled.delete(item.sequence);
        if (partition.careful > 0) partition.careful -= 1;
      }
      if (wasCareful && partition.careful === 0) this.#lineup.admit(partition);
      lane.queue.splice(0, items.length);
      lane.singly = Math.max(0, lane.singly - items.length);
      touch(partition);
      this.#lineup.goOn(lane);
    }
    this.#lineup.ended(lane);
    onProgress();
    this.#pump();
  }

  /** The handler of a lane's first messages failed. */
  fail(lane: Lane<T>, items: readonly Item<T>[], error: unknown): void {
    const { options, measures, touch, doubt } = this.#parts;
    const { partition } = lane;
    const [item] = items;
    if (lane.state === "gone" || item === undefined) {
      for (const { replay } of items) replay?.settle({ type: "failed", error });
      this.#end(lane); // whoever has the partition now handles it
      return;
    }
    if (error instanceof Fenced) {
      doubt(partition);
      this.retryLater(lane, backoffMs(1));
      return;
    }
    if (error instanceof Postponed && item.replay === undefined) {
      this.#postpone(lane, item, error);
      return;
    }
    measures.failed(items.length);
    if (item.replay !== undefined) {
      this.#memory.letGo(item);
      lane.queue.shift();
      item.replay.settle({ type: "failed", error });
      this.#lineup.goOn(lane);
      this.#end(lane);
      return;
    }
    if (items.length > 1) {
      const line = "batch failed; its messages are tried one by one";
      options.logger.warn({ err: error, messages: items.length }, line);
      lane.singly = items.length;
      this.#lineup.goOn(lane);
      this.#end(lane);
      return;
    }
    const { sequence, key } = item;
    const maxAttempts = error instanceof GiveUp ? 1 : options.maxAttempts;
    // In careful times, an attempt was counted before it began.
    const attempt = partition.attemptsOf(sequence) + (partition.careful > 0 ? 0 : 1);
    partition.noteAttempts(item, attempt, error);
    touch(partition);
    if (options.atMostOnce || (attempt >= maxAttempts && options.onExhausted !== "block")) {
      void this.giveUp(lane, item, error);
      return;
    }
    const delayMs = backoffMs(attempt, options.backoff);
    const fields = { err: error, key, sequence, attempt, maxAttempts, delayMs };
    options.logger.warn(fields, "message failed; it is tried again");
    measures.retried(1);
    this.retryLater(lane, delayMs);
  }

  /** Tries a message again that is not to blame, ever more seldom; in careful times, its attempt was counted before. */
  #postpone(lane: Lane<T>, item: Item<T>, error: Postponed): void {
    const { partition } = lane;
    const { sequence, key } = item;
    partition.takeBackAttempt(item);
    const times = (this.#postponed.get(item) ?? 0) + 1;
    this.#postponed.set(item, times);
    const delayMs = backoffMs(times);
    const fields = { err: error, key, sequence, times, delayMs };
    this.#parts.options.logger.warn(fields, "message postponed, through no fault of its own");
    this.retryLater(lane, delayMs);
  }

  /** The lane waits (O1), and what stands in it is set aside (O2). */
  retryLater(lane: Lane<T>, delayMs: number): void {
    if (lane.state !== "gone") {
      lane.state = "waiting";
      for (const [index, item] of lane.queue.entries()) {
        const isKept = item.replay !== undefined || (index === 0 && this.#memory.messages < keptHeads);
        if (!isKept) this.#memory.letGo(item);
      }
      lane.timer = setTimeout(() => {
        if (lane.state !== "waiting") return;
        this.#lineup.goOn(lane);
        this.#pump();
      }, delayMs);
    }
    this.#end(lane);
  }

  /** A message is exhausted, or cannot be read. */
  async giveUp(lane: Lane<T>, item: Item<T>, error: unknown): Promise<void> {
    const { options, park, measures } = this.#parts;
    const { logger, onExhausted, backoff } = options;
    const { partition } = lane;
    const { sequence, key } = item;
    const attempt = Math.max(1, partition.attemptsOf(sequence));
    const fields = { err: error, key, sequence, attempt };
    if (onExhausted === "block") {
      logger.error(fields, "message cannot be read; it is tried again");
      partition.noteAttempts(item, attempt + 1, error);
      this.retryLater(lane, backoffMs(attempt, backoff));
      return;
    }
    if (onExhausted === "dead-letter") {
      try {
        await park(partition, item, error); // O3
      } catch (parkError) {
        logger.error(
          { ...fields, err: parkError },
          "dead letter cannot be stored; the message is tried again",
        );
        this.retryLater(lane, backoffMs(attempt, backoff));
        return;
      }
    }
    const ending = onExhausted === "skip" ? "skipped" : "parked";
    logger.error(fields, ending === "skipped" ? "message skipped" : "message parked as a dead letter");
    measures.givenUp(1, ending);
    this.finish(lane, [item], ending);
  }

  #end(lane: Lane<T>): void {
    this.#lineup.ended(lane);
    this.#parts.onProgress();
    this.#pump();
  }
}
