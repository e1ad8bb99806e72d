// The messages of a topic as they come, decoded here: the browser has no descriptors.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  TopicMessageSchema,
  WatchTopicRequest,
  WatchTopicResponseSchema,
} from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { traceIdOf } from "../../dynamic/index.ts";
import {
  decodeMessage,
  keyOf,
  readTopic,
  type DeclaredTopic,
  type Place,
  type StoredMessage,
} from "../../topics/index.ts";
import { timestampOf } from "../time.ts";
import { findTopic, type TopicsContext } from "./find-topic.ts";
import { inBatches } from "./in-batches.ts";
import { notReached, required } from "./nats.ts";

/** So that a flood comes in pieces, and not message by message. */
const batches = {
  waitMs: 100,
  maxItems: 500,
  maxWeight: 1024 * 1024,
  weightOf: ({ data }: StoredMessage) => data.length,
};

/**
 * Reads until the signal aborts.
 *
 * @throws ConnectError NOT_FOUND where nobody serves the topic's method, FAILED_PRECONDITION without NATS, UNAVAILABLE where
 * it does not answer.
 */
export async function* watchTopic(
  context: TopicsContext,
  request: WatchTopicRequest,
  signal: AbortSignal,
): AsyncGenerator<MessageInitShape<typeof WatchTopicResponseSchema>, void> {
  const nats = required(context.nats, `read topic ${request.topic}`);
  const topic = await findTopic(context, request.topic);
  const connection = await nats.connection();
  const reading = Promise.withResolvers<void>();
  let stream = "";
  const messages = readTopic(topic, {
    connection,
    prefix: nats.prefix,
    place: placeOf(request),
    follow: true,
    signal,
    onReading(created) {
      stream = created;
      reading.resolve();
    },
  });
  const pieces = inBatches(ofKey(topic, messages, request.key), batches);
  try {
    let piece = pieces.next();
    await Promise.race([reading.promise, piece]);
    yield { messages: [], stream };
    for (;;) {
      const { value, done } = await piece;
      if (done === true) break;
      yield { messages: value.map((message) => topicMessage(topic, message)), stream };
      piece = pieces.next();
    }
  } catch (error) {
    signal.throwIfAborted();
    throw notReached(error);
  } finally {
    void pieces.return();
  }
  signal.throwIfAborted();
}

function placeOf({ from, stream }: WatchTopicRequest): Place {
  switch (from.case) {
    case "beginning":
      return { type: from.value ? "beginning" : "end" };
    case "last":
      return { type: "last", count: from.value };
    case "afterSequence":
      return { type: "after", sequence: Number(from.value), created: stream };
    case undefined:
      return { type: "end" };
  }
}

/** Those whose key contains a text. */
async function* ofKey(
  topic: DeclaredTopic,
  messages: AsyncIterable<StoredMessage>,
  text: string,
): AsyncGenerator<StoredMessage, void> {
  const part = text.toLowerCase();
  for await (const message of messages) {
    const key = part === "" ? "" : (keyOf(message) ?? decodeMessage(topic, message).key);
    if (key.toLowerCase().includes(part)) yield message;
  }
}

function topicMessage(
  topic: DeclaredTopic,
  message: StoredMessage,
): MessageInitShape<typeof TopicMessageSchema> {
  const { sequence = 0, partition = 0, time, headers } = message;
  const decoded = decodeMessage(topic, message);
  return {
    sequence: BigInt(sequence),
    partition,
    time: timestampOf(time.getTime()),
    key: decoded.key,
    id: headers["ce-id"] ?? headers["nats-msg-id"] ?? "",
    type: decoded.typeName,
    // The others are orders to the server.
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith("nats-"))),
    traceId: traceIdOf(headers) ?? "",
    ...(decoded.type === "message" ? { message: decoded.json } : { problem: decoded.problem }),
  };
}
