// Keeps a reader open for the partitions that this process holds, and opens another when they change or it ends.
import { setTimeout as sleep } from "node:timers/promises";
import { backoff, createLatch, type Latch } from "../../resilience/index.ts";
import { DeliveredMessage } from "./received.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { ResolvedConsumer } from "./options.ts";
import type { PartitionWork } from "./partition-work.ts";
import { openReader, type Reader, type Window } from "./reader.ts";

/** The most that is undone or asked for, in one process and group: 1,024 messages or two batches a partition; 16 MiB. */
function windowOf({ work, partitions }: Pick<ResolvedConsumer<never>, "work" | "partitions">): Window {
  const batches = work.type === "batch" ? 2 * work.maxBatch * partitions : 0;
  return { messages: Math.max(1_024, batches), bytes: 16 * 1_024 * 1_024 };
}

/** About what a message takes beside its body. */
const overheadBytes = 512;

export interface ReadingParts<T> {
  readonly options: ResolvedConsumer<T>;
  readonly held: ReadonlyMap<number, PartitionWork<T>>;
  readonly dispatcher: Dispatcher<T>;
  readonly isPaused: () => boolean;
  /** The stream is another one than that of a partition. */
  readonly onOtherStream: () => void;
  /** A message of a partition was read, for the first time. */
  readonly take: (partition: PartitionWork<T>, message: DeliveredMessage, bytes: number) => void;
}

export class Reading<T> {
  readonly #parts: ReadingParts<T>;
  readonly #changed: Latch = createLatch();
  readonly #stalled: Set<PartitionWork<T>> = new Set();
  /** The partitions that are read, or would be if the reader were open. */
  #read: ReadonlySet<PartitionWork<T>> = new Set();
  #reader: Reader | undefined;
  #interrupt: (() => void) | undefined;

  constructor(parts: ReadingParts<T>) {
    this.#parts = parts;
  }

  /** Partitions may have come or gone, or the group been paused. */
  onChange(): void {
    const wanted = this.#wanted();
    const isSame =
      wanted.length === this.#read.size && wanted.every((partition) => this.#read.has(partition));
    if (isSame) return;
    this.#changed.set();
    this.#interrupt?.();
  }

  /** Messages were done: there may be room. */
  onProgress(): void {
    this.#reader?.pull();
    for (const partition of this.#stalled) {
      if (partition.state !== "gone" && partition.undone.size * 2 > this.#parts.options.maxUndone) continue;
      this.#stalled.delete(partition);
      this.onChange();
    }
  }

  /** How many messages were not delivered yet; undefined where nothing is read. */
  async pending(): Promise<number | undefined> {
    return this.#reader?.pending().catch(() => undefined);
  }

  /** Reads until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { logger, broker } = this.#parts.options;
    for (let failures = 0; !signal.aborted;) {
      try {
        await broker.connected(signal);
        await this.#readOnce(signal);
        failures = 0;
      } catch (error) {
        failures += 1;
        logger.debug({ err: error, failures }, "reading interrupted");
        if (failures % 10 === 0) logger.warn({ err: error, failures }, "subscription cannot read messages");
        await backoff(failures, signal);
      }
    }
  }

  /** Reads what is held now, until that changes. */
  async #readOnce(signal: AbortSignal): Promise<void> {
    const { options, onOtherStream } = this.#parts;
    // From before the look at what is held, so that no change is missed.
    const interrupted = Promise.withResolvers<string>();
    this.#interrupt = () => interrupted.resolve("changed");
    const wanted = this.#wanted();
    this.#read = new Set(wanted);
    if (wanted.length === 0) {
      await this.#changed.wait(60_000, signal);
      return;
    }
    const { created } = await options.ensureStream();
    const partitions = new Map<string, PartitionWork<T>>();
    for (const partition of wanted) {
      if (created === partition.created) partitions.set(options.subject(partition.partition), partition);
    }
    if (partitions.size < wanted.length) onOtherStream();
    if (partitions.size === 0) {
      await this.#changed.wait(1_000, signal);
      return;
    }
    const onStop = (): void => interrupted.resolve("stopped");
    signal.addEventListener("abort", onStop, { once: true });
    try {
      const reader = await this.#open(partitions);
      this.#reader = reader;
      if (signal.aborted) onStop();
      const reason = await Promise.race([reader.ended, interrupted.promise]);
      reader.close();
      options.logger.debug({ reason, partitions: partitions.size }, "reader closed");
      // Changes come in crowds: one that begins or ends moves several partitions.
      if (reason === "changed") await sleep(5);
    } finally {
      this.#reader = undefined;
      this.#interrupt = undefined;
      signal.removeEventListener("abort", onStop);
    }
  }

  #open(partitions: ReadonlyMap<string, PartitionWork<T>>): Promise<Reader> {
    const { options, dispatcher } = this.#parts;
    return openReader({
      broker: options.broker,
      stream: options.stream,
      subjects: [...partitions.keys()],
      after: Math.min(...[...partitions.values()].map(({ received }) => received)),
      window: windowOf(options),
      undone: dispatcher.memory,
      onMessage: (message, sequence) => {
        const partition = partitions.get(message.subject);
        if (partition === undefined || !this.#isWanted(partition) || !partition.receive(sequence)) return;
        const delivered = new DeliveredMessage(options.stream, sequence, message);
        this.#parts.take(partition, delivered, delivered.data.length + overheadBytes);
        if (partition.undone.size >= options.maxUndone) this.#stall(partition);
      },
    });
  }

  #wanted(): readonly PartitionWork<T>[] {
    const { held, isPaused } = this.#parts;
    return isPaused() ? [] : [...held.values()].filter((partition) => this.#isWanted(partition));
  }

  #isWanted(partition: PartitionWork<T>): boolean {
    return (partition.state === "active" || partition.state === "taken") && !this.#stalled.has(partition);
  }

  #stall(partition: PartitionWork<T>): void {
    const { logger } = this.#parts.options;
    logger.warn(
      { partition: partition.partition, undone: partition.undone.size },
      "too many messages wait behind failed ones: the partition is read no further until they are done",
    );
    this.#stalled.add(partition);
    this.onChange();
  }
}
