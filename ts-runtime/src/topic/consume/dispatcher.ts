// Hands messages to their handlers.
//
// D1. One message of a key at a time, in order; different keys beside each other, `concurrency` of them.
// D2. No handler begins unless this process may believe that it holds the partition at this very moment.
// D3. In careful times, one message of a partition at a time, and its attempt is written down before it begins: so
//     the message that ends its process is found.
import { backoffMs } from "../../resilience/index.ts";
import { Attempts } from "./attempts.ts";
import { RunningDelivery } from "./delivery.ts";
import { Lineup } from "./lineup.ts";
import type { GroupMeasures } from "./measures.ts";
import { Memory } from "./memory.ts";
import type { Opened, ResolvedConsumer } from "./options.ts";
import { Outcomes } from "./outcomes.ts";
import type { Item, Lane, PartitionWork } from "./partition-work.ts";
import { readAgain } from "./read-again.ts";
import type { Received } from "./received.ts";
import { settledOr } from "./settled-or.ts";

/** What a dispatcher needs of those around it. */
export interface DispatcherParts<T> {
  readonly options: ResolvedConsumer<T>;
  readonly measures: GroupMeasures;
  /** Whether handlers may begin: the lease is believed in, and the group is not paused (D2). */
  readonly mayBegin: () => boolean;
  /** Reads a message again that was set aside; undefined where the stream no longer has it. */
  readonly fetch: (sequence: number) => Promise<Received | undefined>;
  /** Stores an exhausted message; throws where that fails. */
  readonly park: (partition: PartitionWork<T>, item: Item<T>, error: unknown) => Promise<void>;
  /** Saves a partition's place at once; false where this process no longer holds it. */
  readonly save: (partition: PartitionWork<T>) => Promise<boolean>;
  /** Something is to be saved. */
  readonly touch: (partition: PartitionWork<T>) => void;
  /** A handler threw `Fenced`. */
  readonly doubt: (partition: PartitionWork<T>) => void;
  /** There is room for more messages, or a partition has become quiet. */
  readonly onProgress: () => void;
}

export class Dispatcher<T> {
  readonly #parts: DispatcherParts<T>;
  readonly #attempts: Attempts;
  readonly #lineup: Lineup<T> = new Lineup();
  readonly #outcomes: Outcomes<T>;
  #isPumping = false;
  /** What is kept of what is not done. */
  readonly memory: Memory = new Memory();

  constructor(parts: DispatcherParts<T>) {
    this.#parts = parts;
    this.#attempts = new Attempts(parts.options.handlerTimeoutMs);
    const { memory } = this;
    this.#outcomes = new Outcomes({ parts, memory, lineup: this.#lineup, pump: () => this.pump() });
  }

  /** Takes a message that a reader brought; it is noted as received already. */
  add(partition: PartitionWork<T>, message: Received, bytes: number): void {
    const { sequence } = message;
    const opened = this.#open(message);
    if (opened instanceof Error) {
      // It has no key that could be read, and a lane of its own.
      this.enqueue(partition, { sequence, key: `\u0000${sequence}`, content: undefined, broken: opened });
      return;
    }
    const { key, value } = opened;
    if (this.#runAtOnce(partition, message, opened)) return;
    this.enqueue(partition, { sequence, key, content: { message, value, bytes } });
  }

  /** Lets handlers begin, as many as may. */
  pump(): void {
    if (this.#isPumping) return; // a handler that is done at once ends up here
    this.#isPumping = true;
    const { options, mayBegin } = this.#parts;
    while (this.#lineup.running < options.concurrency && !this.#lineup.isEmpty && mayBegin()) {
      const lane = this.#lineup.next((partition) => this.#isOpen(partition));
      if (lane !== undefined) this.#begin(lane);
    }
    this.#isPumping = false;
  }

  /** Handlers of a partition may begin, again. */
  activate(partition: PartitionWork<T>): void {
    partition.state = "active";
    this.#lineup.admit(partition);
    this.pump();
  }

  /** A partition is no longer ours: what of it was under way is nobody's business here. */
  drop(partition: PartitionWork<T>, reason: Error): void {
    partition.state = "gone";
    for (const lane of partition.lanes.values()) {
      clearTimeout(lane.timer);
      for (const [index, item] of lane.queue.entries()) {
        this.memory.letGo(item);
        // One that runs is told by its end.
        if (index > 0 || lane.state !== "running") item.replay?.settle({ type: "moved" });
      }
      lane.state = "gone";
    }
    partition.lanes.clear();
    this.#attempts.abort(partition, reason);
    this.#parts.onProgress();
  }

  /** Tells the running handlers that nobody waits for them any longer. */
  abort(reason: Error): void {
    this.#attempts.abort(undefined, reason);
  }

  close(): void {
    this.#attempts.close();
  }

  #open(message: Received): Opened<T> | Error {
    try {
      return this.#parts.options.open(message);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  #isOpen({ state, careful, running }: PartitionWork<T>): boolean {
    // Where a place is saved before its messages are handled, they would be lost with a stop.
    const isOpen = state === "active" || (state === "ending" && this.#parts.options.atMostOnce);
    return isOpen && (careful === 0 || running === 0);
  }

  /** The way of most messages: nothing waits, and the handler is done when it returns. True where it was taken. */
  #runAtOnce(partition: PartitionWork<T>, message: Received, { key, value }: Opened<T>): boolean {
    const { options, mayBegin, touch, measures } = this.#parts;
    const { work, atMostOnce, concurrency } = options;
    if (work.type === "batch" || atMostOnce || !this.#lineup.isEmpty) return false;
    if (partition.state !== "active" || partition.careful > 0 || this.#lineup.running >= concurrency)
      return false;
    if (partition.lanes.has(key) || partition.troubled.has(message.sequence) || !mayBegin()) return false;
    const delivery = new RunningDelivery(message, key, partition.partition, 1);
    const result = settledOr(() => work.handle(value, delivery));
    if (result === undefined) {
      measures.handled(1);
      touch(partition);
      return true;
    }
    const { sequence } = message;
    const item: Item<T> = { sequence, key, content: { message, value, bytes: message.data.length } };
    const lane: Lane<T> = { key, partition, queue: [item], state: "running", timer: undefined, singly: 0 };
    partition.lanes.set(key, lane);
    partition.undone.set(sequence, item);
    this.memory.hold(item);
    this.#follow(lane, [item], [delivery], result);
    return true;
  }

  /** Puts a message behind the others of its key. */
  enqueue(partition: PartitionWork<T>, item: Item<T>): void {
    const { work, atMostOnce } = this.#parts.options;
    if (item.replay === undefined && !atMostOnce) partition.undone.set(item.sequence, item);
    const key = work.type === "batch" && item.broken === undefined ? "" : item.key;
    const lane = partition.lanes.get(key);
    if (lane === undefined) {
      const fresh: Lane<T> = { key, partition, queue: [item], state: "ready", timer: undefined, singly: 0 };
      partition.lanes.set(key, fresh);
      this.memory.hold(item);
      this.#lineup.push(fresh);
      this.pump();
      return;
    }
    lane.queue.push(item);
    // Of a key that waits, only the number is kept (O2).
    if (lane.state === "waiting" && item.replay === undefined) item.content = undefined;
    this.memory.hold(item);
  }

  /** Takes a message out of its lane; false where its handler runs already, or ran. */
  withdraw(partition: PartitionWork<T>, item: Item<T>): boolean {
    const isOut = this.#lineup.withdraw(partition, item);
    if (isOut) this.memory.letGo(item);
    return isOut;
  }

  #begin(lane: Lane<T>): void {
    const items = this.#nextOf(lane);
    const [first] = items;
    if (first === undefined) return;
    lane.state = "running";
    const isWhole = items.every(({ content }) => content !== undefined);
    if (first.broken === undefined && isWhole && lane.partition.careful === 0) {
      this.#attempt(lane, items);
      return;
    }
    this.#lineup.begun(lane);
    if (first.broken !== undefined) void this.#outcomes.giveUp(lane, first, first.broken);
    else void this.#beginLater(lane, items);
  }

  /** The messages that are tried together. */
  #nextOf({ queue, singly, partition }: Lane<T>): readonly Item<T>[] {
    const { work } = this.#parts.options;
    if (work.type === "single" || singly > 0 || partition.careful > 0) return queue.slice(0, 1);
    const replay = queue.findIndex((item) => item.replay !== undefined);
    return queue.slice(0, replay === -1 ? work.maxBatch : Math.min(work.maxBatch, Math.max(1, replay)));
  }

  /** Reads what was set aside, and writes an attempt down in careful times (D3). */
  async #beginLater(lane: Lane<T>, items: readonly Item<T>[]): Promise<void> {
    const { options, mayBegin } = this.#parts;
    const { partition } = lane;
    const [first] = items;
    try {
      const missing = await readAgain(items, lane, { ...this.#parts, memory: this.memory });
      if (missing !== undefined) {
        // What stands before it goes alone, and then it is first.
        if (missing === first) this.#outcomes.finish(lane, [missing], "left out");
        else {
          lane.singly = items.length;
          this.#outcomes.retryLater(lane, 0);
        }
        return;
      }
      if (partition.careful > 0 && first !== undefined && !(await this.#noteAttempt(lane, first))) return;
    } catch (error) {
      options.logger.debug({ err: error }, "message cannot be begun now");
      this.#outcomes.retryLater(lane, backoffMs(3));
      return;
    }
    this.#lineup.ended(lane);
    if (lane.state === "gone") return;
    const begins = this.#isOpen(partition) && mayBegin();
    if (!begins && first !== undefined) partition.takeBackAttempt(first);
    if (begins) this.#attempt(lane, items);
    else this.#lineup.push(lane);
    this.pump();
  }

  /** False where the message has had all its attempts. */
  async #noteAttempt(lane: Lane<T>, item: Item<T>): Promise<boolean> {
    const { options, save } = this.#parts;
    const { partition } = lane;
    if (item.replay !== undefined) return true;
    const attempts = partition.attemptsOf(item.sequence);
    if (attempts >= options.maxAttempts && options.onExhausted !== "block") {
      const known = partition.troubled.get(item.sequence)?.history.at(-1)?.error;
      const error = new Error(
        known ?? `The process ended each time that the message was handled: ${attempts} times`,
      );
      await this.#outcomes.giveUp(lane, item, error);
      return false;
    }
    partition.noteAttempts(item, attempts + 1);
    try {
      await save(partition);
    } catch (error) {
      partition.takeBackAttempt(item);
      throw error;
    }
    return true;
  }

  #attempt(lane: Lane<T>, items: readonly Item<T>[]): void {
    const { work } = this.#parts.options;
    const { partition } = lane;
    const values: T[] = [];
    const deliveries: RunningDelivery[] = [];
    for (const { content, key, sequence, replay } of items) {
      if (content === undefined) continue;
      const before = replay?.attempts ?? partition.attemptsOf(sequence);
      // In careful times, the attempt is counted already.
      const attempt = partition.careful > 0 && replay === undefined ? before : before + 1;
      values.push(content.value);
      deliveries.push(new RunningDelivery(content.message, key, partition.partition, attempt));
    }
    const [value] = values;
    const [delivery] = deliveries;
    if (value === undefined || delivery === undefined) return;
    const result = settledOr(() =>
      work.type === "single" ? work.handle(value, delivery) : work.handle(values, deliveries),
    );
    if (result !== undefined) {
      this.#follow(lane, items, deliveries, result);
      return;
    }
    this.#lineup.begun(lane);
    this.#outcomes.finish(lane, items, "handled");
  }

  #follow(
    lane: Lane<T>,
    items: readonly Item<T>[],
    deliveries: readonly RunningDelivery[],
    result: PromiseLike<unknown>,
  ): void {
    this.#lineup.begun(lane);
    this.#attempts.follow(lane.partition, deliveries, result, {
      handled: () => this.#outcomes.finish(lane, items, "handled"),
      failed: (error) => this.#outcomes.fail(lane, items, error),
    });
  }
}
