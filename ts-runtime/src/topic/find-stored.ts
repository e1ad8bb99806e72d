// Whether messages are in a stream: for those whose acks were lost for longer than JetStream knows their ids.
import { DeliverPolicy, millis, type OrderedConsumerOptions, type StreamConfig } from "nats";
import type { Broker } from "./broker.ts";
import { messageIdHeader } from "./headers.ts";
import type { PublisherOptions } from "./publisher.ts";

/** How a publisher to this stream makes sure: from half of the time on that the stream knows ids. */
export function sureOf(
  broker: Broker,
  { name, duplicate_window: window }: StreamConfig,
): NonNullable<PublisherOptions["sure"]> {
  return {
    doubtAfterMs: millis(window) / 2,
    findStored: (after, ids) => findStored(broker, { stream: name, after, ids }),
  };
}

interface FindStoredOptions {
  /** With the prefix. */
  readonly stream: string;
  /** A sequence that all of them lie behind. */
  readonly after: number;
  /** As they stand on the wire. */
  readonly ids: ReadonlySet<string>;
}

/** The sequences of those messages that are there, by id. It reads the headers of all that came after. */
async function findStored(
  { connection }: Broker,
  { stream, after, ids }: FindStoredOptions,
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  await readIds(
    connection,
    stream,
    { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: after + 1 },
    (id, seq) => {
      if (ids.has(id)) found.set(id, seq);
      return found.size < ids.size;
    },
  );
  return found;
}

export interface StoredSinceOptions {
  readonly stream: string;
  readonly since: Date;
  /** Which ids are of interest, as they stand on the wire. */
  readonly accept: (id: string) => boolean;
  /** How many messages to look at, at most. */
  readonly limit: number;
}

/** The ids of messages that were stored since a time; `isCapped` where there are more than the limit. */
export async function idsStoredSince(
  { connection }: Broker,
  { stream, since, accept, limit }: StoredSinceOptions,
): Promise<{ readonly ids: Set<string>; readonly isCapped: boolean }> {
  const ids = new Set<string>();
  let looked = 0;
  const start = { deliver_policy: DeliverPolicy.StartTime, opt_start_time: since.toISOString() };
  await readIds(connection, stream, start, (id) => {
    if (accept(id)) ids.add(id);
    return ++looked < limit;
  });
  return { ids, isCapped: looked >= limit };
}

/** Reads the ids of a stream's messages, to its present end or as long as `take` says so. */
async function readIds(
  connection: Broker["connection"],
  stream: string,
  start: Partial<OrderedConsumerOptions>,
  take: (id: string, sequence: number) => boolean,
): Promise<void> {
  const consumer = await connection.jetstream().consumers.get(stream, { ...start, headers_only: true });
  const { num_pending: pending } = await consumer.info(true);
  if (pending === 0) return;
  const messages = await consumer.consume();
  for await (const message of messages) {
    const goesOn = take(message.headers?.get(messageIdHeader) ?? "", message.seq);
    if (!goesOn || message.info.pending === 0) break;
  }
  messages.stop();
}
