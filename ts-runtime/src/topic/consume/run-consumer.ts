// The engine that topics and tells are consumed with: a group's messages, each partition on one instance at a time.
//
// A group keeps a lease and a place for each partition in a bucket of JetStream's key-value store. A process reads all
// partitions that it holds with one consumer without acks, and hands their messages out by key.
//
// C1. At least once: a place moves over a message only after its handler returned. (`at-most-once`: only before.)
// C2. In order of each key, on any number of instances: one instance holds a partition, and hands out one message of a
//     key at a time. A process that was frozen begins no handler before it knows that it was not replaced; what was
//     replaced writes no place.
// C3. Nothing is stuck: what is lost on the way is read again, what fails is given up after its attempts, what ends
//     its process is found; NATS, the stream and the bucket may go and come back.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { SamspelError } from "../../errors/index.ts";
import { backoff } from "../../resilience/index.ts";
import { apiErrorOf, noMessageFound } from "../api-error.ts";
import { parkDeadLetter } from "../dead-letter.ts";
import { Dispatcher } from "./dispatcher.ts";
import { inSpans } from "./consumer-spans.ts";
import { bucketName, openEntries } from "./entries.ts";
import { Holding } from "./holding.ts";
import { observeLag } from "./lag.ts";
import { measureGroup } from "./measures.ts";
import { Membership } from "./membership.ts";
import { GiveUp, resolveConsumer, type ConsumerOptions, type ResolvedConsumer } from "./options.ts";
import type { Item, PartitionWork } from "./partition-work.ts";
import { Places } from "./places.ts";
import { Reading } from "./reading.ts";
import { Replays } from "./replays.ts";
import { storedMessage, type DeliveredMessage, type Received } from "./received.ts";
import { wakeSubject, workKey } from "./work-key.ts";

const leaveWithinMs = 3_000;

/**
 * Runs a consumer, on as many instances at once as there are, until `signal` aborts; then resolves when its handlers
 * are done, or `graceMs` is over.
 * @throws SAMSPEL_INVALID_CONFIGURATION for options that cannot be, and where `ensureStream` does.
 */
export async function runConsumer<T>(options: ConsumerOptions<T>): Promise<void> {
  await new ConsumerRun(resolveConsumer(inSpans(options))).run();
}

interface Unsaved {
  readonly message: DeliveredMessage;
  readonly bytes: number;
}

class ConsumerRun<T> {
  readonly #options: ResolvedConsumer<T>;
  readonly #held: Map<number, PartitionWork<T>> = new Map();
  readonly #places: Places<T>;
  readonly #dispatcher: Dispatcher<T>;
  readonly #holding: Holding<T>;
  readonly #reading: Reading<T>;
  readonly #replays: Replays<T>;
  readonly #ensureBucket: () => Promise<void>;
  readonly #wakeSubject: string;
  /** Aborts at the end of the grace. */
  readonly #end: AbortController = new AbortController();
  /** Of `at-most-once`: messages that wait for their place to be saved. */
  readonly #unsaved: Map<PartitionWork<T>, Unsaved[]> = new Map();
  readonly #settling: Set<() => void> = new Set();

  constructor(given: ResolvedConsumer<T>) {
    const { broker, stream, group, name } = given;
    const options = { ...given, logger: given.logger.child({ topic: name, group }) };
    this.#options = options;
    const { logger } = options;
    const work = workKey(stream, group);
    const entries = openEntries(broker, bucketName);
    this.#ensureBucket = () => entries.ensure();
    this.#wakeSubject = wakeSubject(broker.prefix, stream, group);
    const id = randomUUID();
    const membership = new Membership({ id, entries, work, name: broker.name });
    const drop = (partition: PartitionWork<T>): void => this.#drop(partition);
    const places = new Places<T>({ entries, work, member: id, logger, lose: drop });
    this.#places = places;
    this.#dispatcher = new Dispatcher<T>({
      options,
      measures: measureGroup(group, name),
      mayBegin: () => this.#mayBegin(membership),
      fetch: (sequence) => this.#fetch(sequence),
      park: (partition, item, error) => this.#park(partition, item, error),
      save: (partition) => places.save(partition),
      touch: (partition) => places.touch(partition),
      doubt: (partition) => {
        if (partition.state === "active") void this.#holding.verify(partition);
      },
      onProgress: () => this.#onProgress(),
    });
    this.#holding = new Holding<T>({
      options,
      entries,
      work,
      membership,
      places,
      held: this.#held,
      activate: (partition) => {
        this.#dispatcher.activate(partition);
        this.#replays.open(partition);
      },
      settled: (partition) => this.#settled(partition),
      drop,
      onChange: () => {
        this.#reading.onChange();
        this.#dispatcher.pump();
      },
      tellOthers: () => {
        if (!broker.connection.isClosed()) broker.connection.publish(this.#wakeSubject);
      },
    });
    this.#replays = new Replays<T>({
      options,
      dispatcher: this.#dispatcher,
      isPaused: () => this.#holding.isPaused,
    });
    this.#reading = new Reading<T>({
      options,
      held: this.#held,
      dispatcher: this.#dispatcher,
      isPaused: () => this.#holding.isPaused,
      onOtherStream: () => this.#holding.wake(),
      take: (partition, message, bytes) => this.#take(partition, message, bytes),
    });
  }

  async run(): Promise<void> {
    const { signal, broker, graceMs } = this.#options;
    if (signal.aborted) return;
    using _ = observeLag(this.#options, { held: this.#held, pending: () => this.#reading.pending() });
    await this.#ensureBucket();
    const wakes = broker.connection.subscribe(this.#wakeSubject, { callback: () => this.#holding.wake() });
    const failed = new AbortController();
    const stop = AbortSignal.any([signal, failed.signal]);
    const left = new AbortController();
    broker.onReconnect(() => this.#holding.wake(), left.signal);
    const holding = this.#holding.run(left.signal);
    holding.catch(() => failed.abort()); // and told at the end
    const reading = this.#reading.run(stop);
    try {
      await aborted(stop);
      await reading;
      await this.#leave(graceMs);
    } finally {
      left.abort();
      this.#end.abort();
      this.#places.close();
      this.#dispatcher.close();
      if (!broker.connection.isClosed()) wakes.unsubscribe();
    }
    await holding;
    if (!broker.connection.isClosed()) await this.#holding.goAway();
  }

  /** Lets running handlers end, within the grace, and gives all partitions back. */
  async #leave(graceMs: number): Promise<void> {
    const over = new AbortController();
    const grace = sleep(graceMs, undefined, { signal: over.signal }).then(
      () => {
        const reason = new SamspelError("SAMSPEL_DRAINING", "The service is stopping");
        this.#dispatcher.abort(reason);
        this.#end.abort(reason);
        this.#onProgress();
        return sleep(leaveWithinMs, undefined, { signal: over.signal }).catch(() => {});
      },
      () => {},
    );
    await Promise.race([this.#holding.leave(), grace]);
    over.abort();
  }

  #mayBegin(membership: Membership): boolean {
    if (this.#end.signal.aborted || this.#holding.isPaused) return false;
    // After the stop, only what could not be handled by another any more.
    return membership.believes() && (!this.#options.signal.aborted || this.#options.atMostOnce);
  }

  #take(partition: PartitionWork<T>, message: DeliveredMessage, bytes: number): void {
    if (!this.#options.atMostOnce) {
      this.#dispatcher.add(partition, message, bytes);
      return;
    }
    const { memory } = this.#dispatcher;
    memory.messages += 1;
    memory.bytes += bytes;
    const unsaved = this.#unsaved.get(partition);
    if (unsaved !== undefined) {
      unsaved.push({ message, bytes });
      return;
    }
    const first = [{ message, bytes }];
    this.#unsaved.set(partition, first);
    void this.#saveThenHandle(partition, first);
  }

  /** The place moves first; what is lost behind it is lost (C1). */
  async #saveThenHandle(partition: PartitionWork<T>, unsaved: Unsaved[]): Promise<void> {
    const { memory } = this.#dispatcher;
    for (let failures = 0; unsaved.length > 0;) {
      const saved = [...unsaved];
      try {
        const isOurs = partition.state !== "gone" && (await this.#places.save(partition));
        failures = 0;
        unsaved.splice(0, saved.length);
        for (const { message, bytes } of saved) {
          memory.messages -= 1;
          memory.bytes -= bytes;
          if (isOurs) this.#dispatcher.add(partition, message, bytes);
        }
        this.#onProgress();
      } catch {
        failures += 1;
        await backoff(failures, this.#end.signal);
      }
    }
    this.#unsaved.delete(partition);
  }

  #drop(partition: PartitionWork<T>): void {
    if (partition.state === "gone") return;
    this.#holding.forget(partition);
    this.#replays.close(partition);
    this.#dispatcher.drop(
      partition,
      new SamspelError("SAMSPEL_LEASE_LOST", "The partition is another instance's now"),
    );
    this.#reading.onChange();
  }

  #onProgress(): void {
    this.#reading.onProgress();
    for (const look of this.#settling) look();
  }

  #settled(partition: PartitionWork<T>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      const isQuiet = this.#options.atMostOnce
        ? partition.lanes.size === 0 && !this.#unsaved.has(partition)
        : partition.running === 0;
      if (!isQuiet && !this.#end.signal.aborted && partition.state !== "gone") return;
      this.#settling.delete(look);
      resolve();
    };
    this.#settling.add(look);
    look();
    return promise;
  }

  async #fetch(sequence: number): Promise<Received | undefined> {
    const { broker, stream } = this.#options;
    try {
      return storedMessage(stream, await broker.manager.streams.getMessage(stream, { seq: sequence }));
    } catch (error) {
      if (apiErrorOf(error) === noMessageFound) return undefined;
      throw error;
    }
  }

  async #park(partition: PartitionWork<T>, item: Item<T>, error: unknown): Promise<void> {
    const { broker, group, name } = this.#options;
    const message = item.content?.message ?? (await this.#fetch(item.sequence));
    if (message === undefined) return;
    const trouble = partition.troubled.get(item.sequence);
    const attempts = trouble?.attempts ?? 1;
    await this.#options.onGiveUp?.(message, { error, attempts });
    await parkDeadLetter(broker, {
      group,
      topic: name,
      message,
      error: error instanceof GiveUp ? (error.cause ?? error) : error,
      attempts,
      history: trouble?.history ?? [],
    });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
