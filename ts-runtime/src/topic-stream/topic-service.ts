// samspel.v1.TopicService: the topics of a service in envelopes, each with its place.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, type HandlerContext } from "@connectrpc/connect";
import type { LiveTopicDescriptor, TopicDescriptor } from "../descriptor/index.ts";
import { SamspelError } from "../errors/index.ts";
import {
  TopicService,
  type ReadRequest,
  type ReadResponseSchema,
} from "../gen/samspel/v1/topic_service_pb.ts";
import { listenLive } from "../live/index.ts";
import { bind, drainingSignal, type ServiceBinding } from "../service/index.ts";
import { readHeaders, type Broker } from "../topic/index.ts";
import { envelopeOf } from "./envelope.ts";
import { formatGroupPosition, parseGroupPosition } from "./group-position.ts";
import type { GroupReaders } from "./group-readers.ts";
import { formatPosition } from "./position.ts";
import { storedAtOf } from "./pull.ts";
import { readTopic } from "./read-topic.ts";
import { fromOf, groupOf, refuseFrom, requireGroup, startOf, windowOf } from "./request.ts";
import { goesOnElsewhere } from "./topic-methods.ts";

export interface TopicServiceOptions {
  readonly broker: Broker;
  readonly readers: GroupReaders;
  /** What may be read: any other topic is refused, as whoever serves one answers for who sees it. */
  readonly topics: readonly TopicDescriptor[];
  /** The same of live topics, whose envelopes have no positions. */
  readonly liveTopics?: readonly LiveTopicDescriptor[];
  /** Throws where who calls may not read a topic. Default: everybody may. */
  readonly admit?: (topic: string, context: Pick<HandlerContext, "values">) => void;
}

type Response = MessageInitShape<typeof ReadResponseSchema>;

/** Makes the service, to be served beside the typed methods of the topics. */
export function createTopicService(options: TopicServiceOptions): ServiceBinding {
  const { broker, readers, topics, liveTopics = [], admit = () => {} } = options;
  const unknown = (name: string): SamspelError =>
    new SamspelError(
      "SAMSPEL_INVALID_REQUEST",
      `topic must be one that this service serves, ${[...topics, ...liveTopics].map((topic) => topic.name).join(", ")}: current value is "${name.slice(0, 100)}"`,
      { grpc: Code.NotFound, metadata: { field: "topic" } },
    );

  return bind(TopicService, {
    // One generator and no other around it: each layer costs as much as a message.
    read(request, context) {
      admit(request.topic, context);
      const topic = find(topics, request.topic);
      const liveTopic = find(liveTopics, request.topic);
      if (liveTopic !== undefined) return readLive(broker, liveTopic, request, context);
      if (topic === undefined) throw unknown(request.topic);
      if (request.group === "") return readAlone(broker, topic, request, context);
      return readInGroup(readers, topic, request, context);
    },

    async commit({ topic, group, position }, context) {
      admit(topic, context);
      if (find(topics, topic) === undefined) throw unknown(topic);
      await readers.commit({ topic, group, ...parseGroupPosition(position) });
      return {};
    },
  });
}

function find<T extends { readonly name: string }>(topics: readonly T[], name: string): T | undefined {
  return topics.find((topic) => topic.name === name);
}

async function* readAlone(
  broker: Broker,
  topic: TopicDescriptor,
  request: ReadRequest,
  context: HandlerContext,
): AsyncGenerator<Response> {
  const signal = drainingSignal(context);
  await using reader = await readTopic({ broker, topic, from: fromOf(request.from), signal });
  for (;;) {
    const stored = await reader.next();
    if (stored === undefined) break;
    const { message, sequence } = stored;
    yield {
      envelope: envelopeOf(topic, {
        data: message.data,
        headers: readHeaders(message.headers),
        storedAt: storedAtOf(message),
        position: formatPosition(reader.position),
        fallbackId: `${topic.name}/${sequence}`,
      }),
    };
  }
  if (!context.signal.aborted) throw goesOnElsewhere(topic);
}

async function* readInGroup(
  readers: GroupReaders,
  topic: TopicDescriptor,
  request: ReadRequest,
  context: HandlerContext,
): AsyncGenerator<Response> {
  const ended = new AbortController();
  const reader = readers.open({
    topic,
    group: requireGroup(request.group),
    start: startOf(request.from),
    maxUncommitted: windowOf(request.maxUncommitted),
    signal: AbortSignal.any([drainingSignal(context), ended.signal]),
  });
  try {
    for (;;) {
      const sent = await reader.next();
      if (sent === undefined) break;
      const { number, message } = sent;
      yield {
        envelope: envelopeOf(topic, {
          data: message.data,
          headers: message.headers,
          storedAt: message.storedAt,
          position: formatGroupPosition({ reader: reader.id, number }),
          fallbackId: `${topic.name}/${message.sequence}`,
        }),
      };
    }
  } finally {
    ended.abort();
  }
  if (!context.signal.aborted) throw goesOnElsewhere(topic);
}

async function* readLive(
  broker: Broker,
  topic: LiveTopicDescriptor,
  request: ReadRequest,
  context: HandlerContext,
): AsyncGenerator<Response> {
  refuseFrom(topic, request.from);
  using listener = listenLive({
    broker,
    topic,
    group: groupOf(request.group),
    signal: drainingSignal(context),
  });
  for (;;) {
    const message = await listener.next();
    if (message === undefined) break;
    yield {
      envelope: envelopeOf(topic, {
        data: message.data,
        headers: readHeaders(message.headers),
        storedAt: new Date(),
        position: "",
        fallbackId: "",
      }),
    };
  }
  if (!context.signal.aborted) throw goesOnElsewhere(topic);
}
