// Reads what a topic holds, by the contract on the wire (docs/concepts/topics.md), whoever published it.
import {
  fromBinary,
  getOption,
  hasOption,
  type DescMessage,
  type DescMethod,
  type MessageShape,
} from "@bufbuild/protobuf";
import { topic } from "@samspel/runtime/gen/samspel/v1/options_pb.js";
import { AckPolicy, DeliverPolicy, type JsMsg, type NatsConnection } from "nats";
import { headersOf, isStreamMissing } from "../topics/index.ts";

/** A message that a topic holds. */
export interface Published<M extends DescMessage> {
  readonly message: MessageShape<M>;
  /** By which subscribers know it again: the same each time that it is published. */
  readonly id: string;
  /** By which it is ordered. */
  readonly key: string;
  /** All its headers, by name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Its place in the stream, from 1. */
  readonly sequence: number;
}

const fetchMs = 5_000;

/** All messages of a topic, in the order of its stream; none where nobody has published or subscribed yet. */
export async function readPublished<M extends DescMessage>(
  nats: NatsConnection,
  prefix: string,
  method: DescMethod & { readonly output: M },
): Promise<readonly Published<M>[]> {
  const name = topicName(method);
  const stream = `${prefix}${name.replaceAll(".", "_")}`;
  const manager = await nats.jetstreamManager();
  try {
    // A consumer of this reading alone; the server removes it when nobody asks it any more.
    const { name: reader, num_pending } = await manager.consumers.add(stream, {
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.All,
      filter_subject: `${prefix}topic.${name}.*`,
      inactive_threshold: 10_000_000_000,
      mem_storage: true,
    });
    if (num_pending === 0) return [];
    const consumer = await nats.jetstream().consumers.get(stream, reader);
    const published: Published<M>[] = [];
    while (published.length < num_pending) {
      const before = published.length;
      const left = num_pending - before;
      for await (const received of await consumer.fetch({
        max_messages: Math.min(left, 500),
        expires: fetchMs,
      }))
        published.push(read(received, method));
      if (published.length === before) break;
    }
    await consumer.delete();
    return published;
  } catch (error) {
    if (isStreamMissing(error)) return [];
    throw error;
  }
}

function topicName(method: DescMethod): string {
  const fullName = `${method.parent.typeName}.${method.name}`;
  if (!hasOption(method, topic))
    throw new TypeError(
      `Cannot read ${fullName} as it is no topic: it lacks \`option (samspel.v1.topic) = {};\``,
    );
  const { name, live } = getOption(method, topic);
  if (live) throw new TypeError(`Cannot read ${fullName} as it is a live topic, of which nothing is kept`);
  return name === "" ? fullName : name;
}

function read<M extends DescMessage>(
  { data, headers, seq }: JsMsg,
  { output }: { readonly output: M },
): Published<M> {
  const own = new Map(Object.entries(headersOf(headers)));
  return {
    message: fromBinary(output, data),
    id: own.get("ce-id") ?? "",
    key: own.get("ce-partitionkey") ?? "",
    headers: own,
    sequence: seq,
  };
}
