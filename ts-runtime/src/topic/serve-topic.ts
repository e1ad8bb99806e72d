// A topic's method over plain gRPC: for whoever has no JetStream client. Nothing is acked and no place is kept; who
// needs that subscribes with a group.
import { fromBinary, type DescMethod, type DescService, type Message } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { DeliverPolicy, type OrderedConsumerOptions } from "nats";
import { topicDescriptor, type TopicDescriptor } from "../descriptor/index.ts";
import { SamspelError } from "../errors/index.ts";
import type { SubscribeRequest } from "../gen/samspel/v1/subscribe_pb.ts";
import { drainingSignal } from "../service/index.ts";
import type { Broker } from "./broker.ts";
import { ensureStream, streamName, topicSubjects } from "./stream.ts";

type CallerContext = Pick<HandlerContext, "signal" | "values">;

/**
 * Implements a service all of whose methods are topics.
 * @throws SAMSPEL_INVALID_CONFIGURATION where one of them is no topic.
 */
export function topicServiceImpl<S extends DescService>(broker: Broker, service: S): ServiceImpl<S> {
  const methods = service.methods.map((method: DescMethod) => {
    const topic = topicDescriptor(method);
    const handler = (request: SubscribeRequest, context: CallerContext) =>
      streamTopic(broker, topic, request, context);
    return [method.localName, handler] as const;
  });
  return Object.fromEntries(methods) as unknown as ServiceImpl<S>;
}

async function* streamTopic(
  broker: Broker,
  topic: TopicDescriptor,
  request: SubscribeRequest,
  context: CallerContext,
): AsyncGenerator<Message> {
  const signal = drainingSignal(context);
  const messages = await open(broker, topic, request);
  const stop = (): void => messages.stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    if (signal.aborted) messages.stop();
    for await (const message of messages) {
      const decoded = decode(topic, message.data);
      if (decoded !== undefined) yield decoded;
      else
        broker.logger.warn(
          { topic: topic.name, sequence: message.seq },
          "message cannot be decoded; skipped",
        );
    }
  } finally {
    signal.removeEventListener("abort", stop);
    messages.stop();
  }
  if (context.signal.aborted) return;
  // A topic has no end: what looked like one would keep callers from coming back, to another instance.
  throw new SamspelError(
    "SAMSPEL_DRAINING",
    `Topic ${topic.name} goes on at another instance: this one is stopping`,
  );
}

async function open(broker: Broker, topic: TopicDescriptor, request: SubscribeRequest) {
  try {
    await ensureStream(broker, topic);
    const consumer = await broker.connection.jetstream().consumers.get(streamName(broker.prefix, topic), {
      ...startOf(request),
      filterSubjects: topicSubjects(broker.prefix, topic),
    });
    return await consumer.consume();
  } catch (error) {
    if (error instanceof SamspelError) throw error;
    throw new SamspelError("SAMSPEL_BROKER_UNREACHABLE", `Cannot read topic ${topic.name} now`, {
      cause: error,
    });
  }
}

function startOf({ from }: SubscribeRequest): Partial<OrderedConsumerOptions> {
  if (from.case === "time") {
    return {
      deliver_policy: DeliverPolicy.StartTime,
      opt_start_time: timestampDate(from.value).toISOString(),
    };
  }
  return from.case === "beginning" && from.value ? {} : { deliver_policy: DeliverPolicy.New };
}

function decode(topic: TopicDescriptor, body: Uint8Array): Message | undefined {
  try {
    return fromBinary(topic.message, body);
  } catch {
    return undefined;
  }
}
