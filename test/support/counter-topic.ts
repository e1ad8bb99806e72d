// The topic of the test proto, and messages in it.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { partitionOf, topicDescriptor, type TopicDescriptor } from "../../ts-runtime/src/descriptor/index.ts";
import {
  createPublisher,
  ensureStream,
  headerLines,
  partitionSubject,
  type Broker,
  type OutgoingMessage,
  type Publisher,
} from "../../ts-runtime/src/topic/index.ts";
import { CounterChangedSchema, CounterTopics } from "../gen/samspel/test/v1/counter_pb.ts";

export const counterTopic: TopicDescriptor = topicDescriptor(CounterTopics.method.changed);

/** A message about a counter: its revision-th change, which is its value, too. */
export function changed(
  prefix: string,
  counterId: string,
  revision: number,
  headers?: Readonly<Record<string, string>>,
): OutgoingMessage {
  return {
    subject: partitionSubject(prefix, counterTopic, partitionOf(counterId, counterTopic.partitions)),
    body: toBinary(
      CounterChangedSchema,
      create(CounterChangedSchema, { counterId, value: BigInt(revision), delta: 1n }),
    ),
    key: counterId,
    headers: headerLines(
      {
        id: `counter/${counterId}/${revision}`,
        service: "counters",
        type: CounterChangedSchema.typeName,
        time: new Date("2026-01-02T03:04:05.678Z"),
        key: counterId,
      },
      headers,
    ),
  };
}

/** Gives messages to a publisher; resolves when all are stored. */
export async function sendAll(publisher: Publisher, messages: readonly OutgoingMessage[]): Promise<void> {
  const sends = messages.map(
    (message) =>
      new Promise<void>((resolve, reject) => {
        publisher.send(message, undefined, (outcome) => {
          if (outcome.type === "stored") resolve();
          else reject(new Error(`${outcome.type}: ${outcome.reason}`));
        });
      }),
  );
  await Promise.all(sends);
}

/** Publishes messages to the topic, which is created where it is missing. */
export async function publishAll(broker: Broker, messages: readonly OutgoingMessage[]): Promise<void> {
  await ensureStream(broker, counterTopic);
  using publisher = createPublisher(broker);
  await sendAll(publisher, messages);
}

/** A message as it is stored. */
export interface StoredChange {
  readonly id: string;
  readonly counterId: string;
  readonly value: bigint;
  readonly delta: bigint;
  readonly headers: ReadonlyMap<string, string>;
}

/** All messages of the topic, in the order of the stream. */
export async function storedChanges(broker: Broker): Promise<readonly StoredChange[]> {
  const { config, state } = await ensureStream(broker, counterTopic);
  const stored: StoredChange[] = [];
  if (state.messages === 0) return stored;
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const { header, data, subject } = await broker.manager.streams.getMessage(config.name, { seq });
    if (subject.includes("fence.")) continue;
    const { counterId, value, delta } = fromBinary(CounterChangedSchema, data);
    const headers = new Map([...header].map(([name, [first = ""]]) => [name.toLowerCase(), first]));
    stored.push({ id: header.get("Nats-Msg-Id"), counterId, value, delta, headers });
  }
  return stored;
}
