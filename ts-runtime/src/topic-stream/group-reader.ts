// One stream of a group: a member of it, like an instance that subscribes, whose handler is the caller at the other end.
//
// G1. A message is handled when the caller has said so; until then its partition does not move over it, so it comes
//     again to whoever has the partition next.
// G2. Messages are sent in the order of each partition, and a partition moves to another reader only when what was sent
//     of it is committed, or its stream has been over for some time. So a key's messages stay in order.
// G3. Bounded: no more are sent than may be uncommitted.
import type { TopicDescriptor } from "../descriptor/index.ts";
import {
  ensureStream,
  partitionSubject,
  runConsumer,
  streamName,
  type Broker,
  type Delivery,
  type Received,
  type Start,
} from "../topic/index.ts";
import { newReaderId } from "./group-position.ts";

/** A message that was sent to a caller, and its number among them. */
interface GroupMessage {
  readonly number: number;
  readonly message: Received;
}

interface Waiting extends GroupMessage {
  readonly delivery: Delivery;
}

/** A stream of a group; one `next` at a time. */
export interface GroupReader {
  readonly id: string;
  readonly topic: TopicDescriptor;
  readonly group: string;
  /** The next message; `undefined` once the signal has aborted. */
  next(): Promise<GroupMessage | undefined>;
  /** All up to this number are handled; those behind it are not. */
  commit(number: number): void;
  /** Resolves when its partitions are given back: at once where all is committed, else `lingerMs` after the end. */
  readonly ended: Promise<void>;
}

export interface GroupReaderOptions {
  readonly broker: Broker;
  readonly topic: TopicDescriptor;
  readonly group: string;
  /** Where a group begins that is new. */
  readonly start: Start;
  readonly maxUncommitted: number;
  /** How long commits are still taken after the end of the stream. */
  readonly lingerMs: number;
  readonly signal: AbortSignal;
}

/** Nobody but the caller knows how long a message takes; this is the longest that a timer can wait: 24 days. */
const noTimeoutMs = 2_147_483_647;

export function openGroupReader(options: GroupReaderOptions): GroupReader {
  const { broker, topic, group, start, maxUncommitted, lingerMs, signal } = options;
  const uncommitted = new Map<number, () => void>();
  const waiting: Waiting[] = [];
  let count = 0;
  let failure: Error | undefined;
  let wake: (() => void) | undefined;

  const take = (message: Received, delivery: Delivery): Promise<void> => {
    // What begins after the end would be sent to nobody.
    if (signal.aborted) return new Promise(() => {});
    const number = ++count;
    return new Promise((resolve) => {
      uncommitted.set(number, resolve);
      waiting.push({ number, message, delivery });
      wake?.();
    });
  };
  /** What its handler's end means to the engine, whether it counts or is somebody else's by now. */
  const settle = (number: number): void => {
    const resolve = uncommitted.get(number);
    uncommitted.delete(number);
    resolve?.();
  };
  const running = runConsumer<Received>({
    broker,
    stream: streamName(broker.prefix, topic),
    ensureStream: () => ensureStream(broker, topic),
    name: topic.name,
    partitions: topic.partitions,
    subject: (partition) => partitionSubject(broker.prefix, topic, partition),
    group,
    // A key of its own for each: the next message of an entity is sent before the last one is committed.
    open: (message) => ({ key: String(message.sequence), value: message }),
    work: { type: "single", handle: take },
    concurrency: maxUncommitted,
    start,
    onExhausted: "block",
    handlerTimeoutMs: noTimeoutMs,
    graceMs: lingerMs,
    signal,
    logger: broker.logger,
  });
  const ended = running.then(
    () => {},
    (error: unknown) => {
      failure = error instanceof Error ? error : new Error(String(error));
      wake?.();
    },
  );
  signal.addEventListener("abort", () => wake?.(), { once: true });

  return {
    id: newReaderId(),
    topic,
    group,
    ended,
    async next() {
      for (;;) {
        if (signal.aborted) return undefined;
        if (failure !== undefined) throw failure;
        const next = waiting.shift();
        if (next !== undefined) {
          if (!next.delivery.signal.aborted) return next;
          settle(next.number); // its partition is another reader's: that one sends it
          continue;
        }
        await new Promise<void>((resolve) => (wake = resolve));
        wake = undefined;
      }
    },
    commit(number) {
      for (const sent of uncommitted.keys()) {
        if (sent > number) return;
        settle(sent);
      }
    },
  };
}
