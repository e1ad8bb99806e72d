// Tries dead letters again where their partition is held, in the lane of their key: so a replay stands in the order of
// the key like any other message, and never runs beside one.
//
// R1. A letter that is asked for twice at once runs once, and both askers hear how it went.
// R2. It is dropped when its handler is done, and stays with one more attempt when it failed.
import type { Msg, Subscription as NatsSubscription } from "nats";
import { SamspelError } from "../../errors/index.ts";
import { dropDeadLetter, noteFailure, readDeadLetter } from "../dead-letters.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Opened, ResolvedConsumer } from "./options.ts";
import { describeError, type Item, type PartitionWork, type ReplayOutcome } from "./partition-work.ts";
import type { Received } from "./received.ts";
import { replaySubject } from "./work-key.ts";

/** What the holder of a partition answers. */
export type ReplayAnswer =
  | { readonly type: "handled" }
  | { readonly type: "failed"; readonly error: string }
  | { readonly type: "gone" }
  /** Ask again: the partition is on its way to another. */
  | { readonly type: "moved" }
  | { readonly type: "paused" };

/** What is asked for. */
export interface ReplayRequest {
  readonly number: number;
}

export interface ReplaysParts<T> {
  readonly options: ResolvedConsumer<T>;
  readonly dispatcher: Dispatcher<T>;
  readonly isPaused: () => boolean;
}

const lookEveryMs = 250;

export class Replays<T> {
  readonly #parts: ReplaysParts<T>;
  readonly #open: Map<PartitionWork<T>, NatsSubscription> = new Map();
  readonly #running: Map<number, Promise<ReplayAnswer>> = new Map();

  constructor(parts: ReplaysParts<T>) {
    this.#parts = parts;
  }

  /** Takes requests for a partition from now on. */
  open(partition: PartitionWork<T>): void {
    const { broker, stream, group } = this.#parts.options;
    if (this.#open.has(partition) || broker.connection.isClosed()) return;
    const subject = replaySubject(broker.prefix, stream, group, partition.partition);
    const subscription = broker.connection.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) void this.#respond(partition, message);
      },
    });
    this.#open.set(partition, subscription);
  }

  /** Takes none any more. */
  close(partition: PartitionWork<T>): void {
    if (!this.#parts.options.broker.connection.isClosed()) this.#open.get(partition)?.unsubscribe();
    this.#open.delete(partition);
  }

  async #respond(partition: PartitionWork<T>, message: Msg): Promise<void> {
    const { number } = message.json<ReplayRequest>();
    const answer = await this.#answer(partition, number);
    const { connection } = this.#parts.options.broker;
    if (!connection.isClosed()) message.respond(JSON.stringify(answer));
  }

  #answer(partition: PartitionWork<T>, number: number): Promise<ReplayAnswer> {
    const running = this.#running.get(number);
    if (running !== undefined) return running; // R1
    const answer = this.#replay(partition, number)
      .catch((error: unknown): ReplayAnswer => {
        const isGone = error instanceof SamspelError && error.code === "SAMSPEL_NOT_FOUND";
        return isGone ? { type: "gone" } : { type: "failed", error: describeError(error) };
      })
      .finally(() => this.#running.delete(number));
    this.#running.set(number, answer);
    return answer;
  }

  async #replay(partition: PartitionWork<T>, number: number): Promise<ReplayAnswer> {
    const { options, isPaused } = this.#parts;
    const { broker, group, stream, logger } = options;
    if (isPaused()) return { type: "paused" };
    const letter = await readDeadLetter(broker, number);
    if (letter.group !== group || letter.stream !== stream) return { type: "gone" };
    const message: Received = {
      ...letter,
      data: letter.body,
      rawHeaders: undefined,
      storedAt: letter.parkedAt,
    };
    const outcome = await this.#run(partition, message, letter.attempts);
    if (outcome.type === "moved") return isPaused() ? { type: "paused" } : outcome;
    if (outcome.type === "handled") {
      logger.info({ letter: number, key: letter.key }, "dead letter handled");
      await dropDeadLetter(broker, number); // R2
      return outcome;
    }
    const error = describeError(outcome.error);
    logger.warn({ letter: number, key: letter.key, err: outcome.error }, "dead letter failed again");
    await noteFailure(broker, await readDeadLetter(broker, number), error);
    return { type: "failed", error };
  }

  async #run(partition: PartitionWork<T>, message: Received, attempts: number): Promise<ReplayOutcome> {
    const { options, dispatcher, isPaused } = this.#parts;
    let opened: Opened<T>;
    try {
      opened = options.open(message);
    } catch (error) {
      return { type: "failed", error };
    }
    if (partition.state !== "active") return { type: "moved" };
    const { promise, resolve } = Promise.withResolvers<ReplayOutcome>();
    const { key, value } = opened;
    const content = { message, value, bytes: message.data.length };
    const item: Item<T> = { sequence: message.sequence, key, content, replay: { attempts, settle: resolve } };
    dispatcher.enqueue(partition, item);
    // A group that is paused meanwhile would leave its asker waiting.
    const look = setInterval(() => {
      if (isPaused() && dispatcher.withdraw(partition, item)) resolve({ type: "moved" });
    }, lookEveryMs);
    return promise.finally(() => clearInterval(look));
  }
}
