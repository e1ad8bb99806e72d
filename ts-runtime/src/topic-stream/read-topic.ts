// Reading a topic in the order of its stream, for one caller who keeps the place.
//
// F1. No gap and no repetition: what was read last is known, and whatever breaks, reading goes on right behind it. A
//     place that the topic does not have any more is refused; it never turns silently into another one.
// F2. Bounded: no more is pulled than a batch ahead of what the caller took.
// F3. NATS may be away for a while; who waits longer is sent to another instance.
import { setTimeout as sleep } from "node:timers/promises";
import type { TopicDescriptor } from "../descriptor/index.ts";
import { SamspelError } from "../errors/index.ts";
import { backoff } from "../resilience/index.ts";
import { ensureStream, streamName, topicSubjects, type Broker } from "../topic/index.ts";
import type { Position } from "./position.ts";
import { openPull, type StreamMessage, type StreamPull, type StreamStart } from "./pull.ts";

/** Where a caller wants to begin. */
export type From =
  | { readonly type: "beginning" | "end" }
  | { readonly type: "time"; readonly time: Date }
  | { readonly type: "position"; readonly position: Position };

/** A topic that is being read. */
export interface TopicReader extends AsyncDisposable {
  /** After what was read last. */
  readonly position: Position;
  /** The next message; `undefined` once the signal has aborted. */
  next(): Promise<StreamMessage | undefined>;
}

export interface ReadTopicOptions {
  readonly broker: Broker;
  readonly topic: TopicDescriptor;
  readonly from: From;
  readonly signal: AbortSignal;
  /** How long NATS may be away before the reader gives up. Default 10,000 ms. */
  readonly patienceMs?: number;
}

interface Opened {
  readonly pull: StreamPull;
  readonly createdMs: number;
}

/**
 * Begins to read.
 * @throws SAMSPEL_BROKER_UNREACHABLE where NATS is away, SAMSPEL_POSITION_GONE where the place is.
 */
export async function readTopic(options: ReadTopicOptions): Promise<TopicReader> {
  const { broker, topic, from, signal, patienceMs = 10_000 } = options;
  let { pull, createdMs } = await unlessAway(topic, () => open(options, from));
  let position: Position = { createdMs, sequence: pull.before };
  /** How often reading was interrupted since a message came. */
  let fruitless = 0;

  /** Goes on behind what was read last (F1), as soon as NATS lets us. */
  const reopen = async (reason: string): Promise<void> => {
    broker.logger.debug({ topic: topic.name, reason }, "stream of a topic was interrupted");
    await pull[Symbol.asyncDispose]();
    if (++fruitless > 1) await backoff(fruitless, signal);
    const giveUpAtMs = performance.now() + patienceMs;
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        // A place in a stream of time is one in a stream of numbers from here on.
        const again = async (): Promise<Opened> => {
          await broker.connected(signal);
          return open(options, { type: "position", position });
        };
        ({ pull, createdMs } = await within(giveUpAtMs - performance.now(), again()));
        return;
      } catch (error) {
        if (isFinal(error)) throw error;
        if (performance.now() >= giveUpAtMs) throw away(topic, error); // F3
        await backoff(failures, signal);
      }
    }
  };

  return {
    get position() {
      return position;
    },
    async next() {
      for (;;) {
        if (signal.aborted) return undefined;
        const pulled = await pull.next();
        if ("sequence" in pulled) {
          fruitless = 0;
          position = { createdMs, sequence: pulled.sequence };
          return pulled;
        }
        if (!signal.aborted) await reopen(pulled.interrupted);
      }
    },
    [Symbol.asyncDispose]: () => pull[Symbol.asyncDispose](),
  };
}

async function open({ broker, topic, signal }: ReadTopicOptions, from: From): Promise<Opened> {
  const { created, state } = await ensureStream(broker, topic);
  const createdMs = Date.parse(created);
  const pull = await openPull(broker, {
    stream: streamName(broker.prefix, topic),
    subject: topicSubjects(broker.prefix, topic),
    start: startOf(topic, from, { createdMs, first: state.first_seq, last: state.last_seq }),
    signal,
  });
  return { pull, createdMs };
}

function startOf(
  topic: TopicDescriptor,
  from: From,
  { createdMs, first, last }: { readonly createdMs: number; readonly first: number; readonly last: number },
): StreamStart {
  switch (from.type) {
    case "beginning":
      return { type: "sequence", sequence: 1 };
    case "end":
      return { type: "sequence", sequence: last + 1 };
    case "time":
      return from;
    case "position": {
      const { sequence } = from.position;
      if (from.position.createdMs !== createdMs) throw gone(topic, "the topic was made anew since");
      if (sequence > last) throw gone(topic, `the topic ends at ${last}, before it: NATS lost messages`);
      if (sequence > 0 && first > sequence + 1) throw gone(topic, "what came after it is deleted already");
      return { type: "sequence", sequence: sequence + 1 };
    }
  }
}

function gone(topic: TopicDescriptor, why: string): SamspelError {
  return new SamspelError(
    "SAMSPEL_POSITION_GONE",
    `Cannot go on in topic ${topic.name} from that position: ${why}. Begin anew, from the beginning or from a time`,
    { metadata: { topic: topic.name } },
  );
}

function isFinal(error: unknown): boolean {
  return error instanceof SamspelError && error.code !== "SAMSPEL_BROKER_UNREACHABLE";
}

async function unlessAway<T>(topic: TopicDescriptor, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isFinal(error) ? error : away(topic, error);
  }
}

function away(topic: TopicDescriptor, cause: unknown): SamspelError {
  return new SamspelError("SAMSPEL_BROKER_UNREACHABLE", `Cannot read topic ${topic.name} now`, { cause });
}

/** A request to a server that is away waits as long as the client likes. */
async function within<T extends { readonly pull: AsyncDisposable }>(
  ms: number,
  work: Promise<T>,
): Promise<T> {
  const over = new AbortController();
  try {
    const late = sleep(Math.max(0, ms), undefined, { signal: over.signal }).then(() => {
      throw new Error("no answer in time");
    });
    return await Promise.race([work, late]);
  } catch (error) {
    work.then(
      ({ pull }) => pull[Symbol.asyncDispose](),
      () => {},
    );
    throw error;
  } finally {
    over.abort();
  }
}
