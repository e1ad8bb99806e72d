// Whether messages are in a stream: for those whose acks were lost for longer than JetStream knows their ids.
import { DeliverPolicy, millis, type StreamConfig } from "nats";
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
  const consumer = await connection.jetstream().consumers.get(stream, {
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: after + 1,
    headers_only: true,
  });
  const { num_pending: pending } = await consumer.info(true);
  if (pending === 0) return found;
  const messages = await consumer.consume();
  for await (const message of messages) {
    const id = message.headers?.get(messageIdHeader) ?? "";
    if (ids.has(id)) found.set(id, message.seq);
    if (message.info.pending === 0 || found.size === ids.size) break;
  }
  messages.stop();
  return found;
}
