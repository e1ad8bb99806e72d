// Where keys, tells and topics lie: partitions.json, tells.json, topics.json.
import { crc32 } from "node:zlib";
import type { StreamConfig } from "nats";
import t from "tap";
import { partitionOf, sliceOf, type TopicDescriptor } from "../../../ts-runtime/src/descriptor/index.ts";
import {
  laterSubject,
  replySubject,
  tellStream,
  tellSubject,
  tellToken,
} from "../../../ts-runtime/src/tell/address.ts";
import { deadLetterSubject } from "../../../ts-runtime/src/topic/stream.ts";
import { encodeValue, ensureStream, partitionSubject } from "../../../ts-runtime/src/topic/index.ts";
import { testBroker } from "../../support/broker.ts";
import { counterTopic } from "../../support/counter-topic.ts";
import { testTopicPrefix } from "../../support/isolation.ts";
import { readVectors } from "./read-vectors.ts";

interface PartitionVector {
  readonly key: string;
  readonly crc32: number;
  readonly slice: number;
  readonly partition: number;
}

t.test("partitions.json holds crc32, slice and partition of each key", async (t) => {
  const { vectors } = readVectors("partitions") as { readonly vectors: readonly PartitionVector[] };
  t.ok(vectors.length > 5);
  for (const { key, ...expected } of vectors) {
    t.same(
      { crc32: crc32(key), slice: sliceOf(key), partition: partitionOf(key, 16) },
      expected,
      JSON.stringify(key.slice(0, 20)),
    );
  }
});

interface TellVector {
  readonly service: string;
  readonly method: string;
  readonly key: string;
  readonly id: string;
  readonly [expected: string]: string;
}

t.test("tells.json holds where a tell lies, what it is known by, and where its reply lies", async (t) => {
  const { vectors } = readVectors("tells") as { readonly vectors: readonly TellVector[] };
  t.ok(vectors.length > 3);
  for (const { service, method, key, id, ...expected } of vectors) {
    const token = tellToken({ service, method, key, id });
    const found = {
      stream: tellStream(service),
      subject: tellSubject(service, key),
      messageId: `${method}/${encodeValue(key).replaceAll("/", "%2F")}/${encodeValue(id)}`,
      token,
      replySubject: replySubject(service, token),
      laterSubject: laterSubject(service, token),
    };
    t.same(found, expected, `${service}.${method}`);
  }
});

interface TopicVector {
  readonly prefix: string;
  readonly topic: string;
  readonly partitions: number;
  readonly group: string;
  readonly stream: {
    readonly name: string;
    readonly subjects: readonly string[];
    readonly storage: string;
    readonly retention: string;
    readonly discard: string;
    readonly duplicate_window_ms: number;
    readonly metadata: Readonly<Record<string, string>>;
  };
  readonly keys: readonly { readonly key: string; readonly partition: number; readonly subject: string }[];
  readonly deadLetter: { readonly subject: string; readonly stream: string };
}

/** What a stream is made with, in the words of the vectors. */
function shown({
  name,
  subjects,
  storage,
  retention,
  discard,
  duplicate_window,
  metadata,
}: StreamConfig): object {
  const own = Object.entries(metadata ?? {}).filter(([key]) => !key.startsWith("_nats"));
  return {
    name,
    subjects,
    storage,
    retention,
    discard,
    duplicate_window_ms: duplicate_window / 1_000_000,
    metadata: Object.fromEntries(own),
  };
}

t.test("topics.json holds streams as they are made, subjects, and where dead letters go", async (t) => {
  const { vectors } = readVectors("topics") as { readonly vectors: readonly TopicVector[] };
  t.ok(vectors.length > 3);
  for (const vector of vectors) {
    // The topic prefix of the test stands before the vector's, so that runs share a server.
    const own = testTopicPrefix(t);
    const prefix = `${own}${vector.prefix}`;
    const topic: TopicDescriptor = { ...counterTopic, name: vector.topic, partitions: vector.partitions };
    const broker = await testBroker(t, { prefix });
    const { config } = await ensureStream(broker, topic);
    t.same(
      shown(config),
      {
        ...vector.stream,
        name: `${own}${vector.stream.name}`,
        subjects: vector.stream.subjects.map((subject) => `${own}${subject}`),
      },
      vector.topic,
    );
    for (const { key, partition, subject } of vector.keys) {
      t.equal(partitionOf(key, vector.partitions), partition);
      t.equal(partitionSubject(vector.prefix, topic, partition), subject);
    }
    t.equal(deadLetterSubject(vector.prefix, vector.group, topic), vector.deadLetter.subject);
  }
});
