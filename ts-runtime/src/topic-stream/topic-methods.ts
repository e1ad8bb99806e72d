// A topic's own method over plain gRPC: plain messages, in the order of the stream, for whoever has no JetStream client.
//
// M1. Whatever ends a stream, its trailers hold the place after the last message that was given to the transport; as
//     trailers come after messages, who has the trailers has them all.
// M2. A topic has no end: a stream that an instance ends on its own account ends with an error that sends the caller to
//     another one.
// M3. With a group, a message is handled when the transport asks for the next one: what is on its way when a connection
//     breaks is lost to the group. Who cannot bear that reads envelopes, and commits.
import type { DescMethod, DescService, Message } from "@bufbuild/protobuf";
import { decode } from "../codec/index.ts";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
  isLiveTopic,
  liveTopicDescriptor,
  topicDescriptor,
  type LiveTopicDescriptor,
  type TopicDescriptor,
} from "../descriptor/index.ts";
import { SamspelError } from "../errors/index.ts";
import type { SubscribeRequest } from "../gen/samspel/v1/subscribe_pb.ts";
import { decodeLive, listenLive } from "../live/index.ts";
import { drainingSignal } from "../service/index.ts";
import type { Broker } from "../topic/index.ts";
import type { GroupReaders } from "./group-readers.ts";
import { formatPosition, positionTrailer } from "./position.ts";
import { readTopic } from "./read-topic.ts";
import { fromOf, groupOf, refuseFrom, requireGroup, startOf } from "./request.ts";

type CallerContext = Pick<HandlerContext, "signal" | "values" | "responseTrailer">;

/** What topics are served with. */
export interface TopicServing {
  readonly broker: Broker;
  readonly readers: GroupReaders;
}

/**
 * Implements a service all of whose methods are topics.
 * @throws SAMSPEL_INVALID_CONFIGURATION where one of them is no topic.
 */
export function topicServiceImpl<S extends DescService>(serving: TopicServing, service: S): ServiceImpl<S> {
  const methods = service.methods.map((method: DescMethod) => {
    return [
      method.localName,
      isLiveTopic(method) ? live(serving, method) : durable(serving, method),
    ] as const;
  });
  return Object.fromEntries(methods) as unknown as ServiceImpl<S>;
}

type TopicHandler = (request: SubscribeRequest, context: CallerContext) => AsyncGenerator<Message>;

function durable({ broker, readers }: TopicServing, method: DescMethod): TopicHandler {
  const topic = topicDescriptor(method);
  return (request, context) =>
    request.group === ""
      ? streamTopic(broker, topic, request, context)
      : streamInGroup({ broker, readers }, topic, request, context);
}

function live({ broker }: TopicServing, method: DescMethod): TopicHandler {
  const topic = liveTopicDescriptor(method);
  return (request, context) => streamLive(broker, topic, request, context);
}

async function* streamLive(
  broker: Broker,
  topic: LiveTopicDescriptor,
  request: SubscribeRequest,
  context: CallerContext,
): AsyncGenerator<Message> {
  refuseFrom(topic, request.from);
  const group = groupOf(request.group);
  using listener = listenLive({ broker, topic, group, signal: drainingSignal(context) });
  for (;;) {
    const received = await listener.next();
    if (received === undefined) break;
    const message = decodeLive(topic, received);
    if (message !== undefined) yield message;
    else broker.logger.warn({ topic: topic.name }, "live message cannot be decoded; dropped");
  }
  if (!context.signal.aborted) throw goesOnElsewhere(topic);
}

async function* streamTopic(
  broker: Broker,
  topic: TopicDescriptor,
  request: SubscribeRequest,
  context: CallerContext,
): AsyncGenerator<Message> {
  const signal = drainingSignal(context);
  await using reader = await readTopic({ broker, topic, from: fromOf(request.from), signal });
  const note = (): void => context.responseTrailer.set(positionTrailer, formatPosition(reader.position));
  note();
  for (;;) {
    const stored = await reader.next();
    if (stored === undefined) break;
    note(); // M1
    const decoded = messageOf(topic, stored.message.data);
    if (decoded !== undefined) yield decoded;
    else tellUndecodable(broker, topic, stored.sequence);
  }
  if (!context.signal.aborted) throw goesOnElsewhere(topic);
}

/** How many messages wait for the transport: each is handled when it has taken the next (M3). */
const groupWindow = 64;

async function* streamInGroup(
  { broker, readers }: TopicServing,
  topic: TopicDescriptor,
  request: SubscribeRequest,
  context: CallerContext,
): AsyncGenerator<Message> {
  const ended = new AbortController();
  const reader = readers.open({
    topic,
    group: requireGroup(request.group),
    start: startOf(request.from),
    maxUncommitted: groupWindow,
    signal: AbortSignal.any([drainingSignal(context), ended.signal]),
  });
  try {
    for (;;) {
      const sent = await reader.next();
      if (sent === undefined) break;
      const decoded = messageOf(topic, sent.message.data);
      if (decoded !== undefined) yield decoded;
      else tellUndecodable(broker, topic, sent.message.sequence);
      reader.commit(sent.number); // M3
    }
  } finally {
    ended.abort();
  }
  if (!context.signal.aborted) throw goesOnElsewhere(topic);
}

/** M2. */
export function goesOnElsewhere(topic: { readonly name: string }): SamspelError {
  return new SamspelError(
    "SAMSPEL_DRAINING",
    `Topic ${topic.name} goes on at another instance: this one is stopping`,
  );
}

function messageOf(topic: TopicDescriptor, body: Uint8Array): Message | undefined {
  try {
    return decode(topic.message, body);
  } catch {
    return undefined;
  }
}

function tellUndecodable({ logger }: Broker, { name }: TopicDescriptor, sequence: number): void {
  logger.warn({ topic: name, sequence }, "message cannot be decoded; skipped");
}
