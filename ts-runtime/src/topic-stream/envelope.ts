// A stored message with all that is known about it, for whoever reads topics in envelopes.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { decode } from "../codec/index.ts";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { keyOf, type LiveTopicDescriptor } from "../descriptor/index.ts";
import type { EnvelopeSchema } from "../gen/samspel/v1/topic_service_pb.ts";
import type { TopicHeaders } from "../topic/index.ts";

/** What an envelope is made of. */
export interface Enveloped {
  readonly data: Uint8Array;
  readonly headers: TopicHeaders;
  readonly storedAt: Date;
  /** Empty where the message has no place to go on from. */
  readonly position: string;
  /** For a message without an id. */
  readonly fallbackId: string;
}

export function envelopeOf(
  topic: LiveTopicDescriptor,
  { data, headers, storedAt, position, fallbackId }: Enveloped,
): MessageInitShape<typeof EnvelopeSchema> {
  const time = new Date(headers.get("ce-time") ?? Number.NaN);
  return {
    position,
    id: headers.get("ce-id") ?? headers.get("nats-msg-id") ?? fallbackId,
    key: headers.get("ce-partitionkey") ?? keyInside(topic, data),
    time: timestampFromDate(Number.isNaN(time.getTime()) ? storedAt : time),
    headers: Object.fromEntries([...headers].filter(([name]) => !name.startsWith("nats-"))),
    type: topic.message.typeName,
    message: data,
  };
}

/** Messages of publishers that say no key have it inside; a body that cannot be decoded has none. */
function keyInside({ message, keyField }: LiveTopicDescriptor, body: Uint8Array): string {
  if (keyField === undefined) return "";
  try {
    return keyOf(keyField, decode(message, body));
  } catch {
    return "";
  }
}
