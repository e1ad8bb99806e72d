// samspel.v1.TopicService: the topics of a service in envelopes, each with its place.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import type { LiveTopicDescriptor, TopicDescriptor } from "../descriptor/index.ts";
import { SamspelError } from "../errors/index.ts";
import {
  TopicService,
  type ReadRequest,
  type ReadResponseSchema,
} from "../gen/samspel/v1/topic_service_pb.ts";
import { listenLive } from "../live/index.ts";
import { bind, drainingSignal, type ServiceBinding } from "../service/index.ts";
import type { Broker } from "../topic/index.ts";
import { envelopeOf } from "./envelope.ts";
import { formatPosition } from "./position.ts";
import { storedAtOf } from "./pull.ts";
import { readTopic } from "./read-topic.ts";
import { fromOf, groupOf, refuseFrom } from "./request.ts";
import { goesOnElsewhere } from "./topic-methods.ts";

export interface TopicServiceOptions {
  readonly broker: Broker;
  /** What may be read: any other topic is refused, as whoever serves one answers for who sees it. */
  readonly topics: readonly TopicDescriptor[];
  /** The same of live topics, whose envelopes have no positions. */
  readonly liveTopics?: readonly LiveTopicDescriptor[];
}

/** Makes the service, to be served beside the typed methods of the topics. */
export function createTopicService({ broker, topics, liveTopics = [] }: TopicServiceOptions): ServiceBinding {
  const unknown = (name: string): SamspelError =>
    new SamspelError(
      "SAMSPEL_INVALID_REQUEST",
      `topic must be one that this service serves, ${[...topics, ...liveTopics].map((topic) => topic.name).join(", ")}: current value is "${name.slice(0, 100)}"`,
      { grpc: Code.NotFound, metadata: { field: "topic" } },
    );

  return bind(TopicService, {
    async *read(request, context) {
      const signal = drainingSignal(context);
      const named = ({ name }: { readonly name: string }): boolean => name === request.topic;
      const topic = topics.find(named);
      const liveTopic = liveTopics.find(named);
      if (topic !== undefined) yield* readDurable(broker, topic, request, signal);
      else if (liveTopic !== undefined) yield* readLive(broker, liveTopic, request, signal);
      else throw unknown(request.topic);
      if (!context.signal.aborted) throw goesOnElsewhere({ name: request.topic });
    },
    commit() {
      throw new SamspelError("SAMSPEL_INVALID_REQUEST", "groups are not there yet");
    },
  });
}

type Response = MessageInitShape<typeof ReadResponseSchema>;

async function* readDurable(
  broker: Broker,
  topic: TopicDescriptor,
  request: ReadRequest,
  signal: AbortSignal,
): AsyncGenerator<Response> {
  await using reader = await readTopic({ broker, topic, from: fromOf(request.from), signal });
  for (;;) {
    const stored = await reader.next();
    if (stored === undefined) return;
    const { message, sequence } = stored;
    yield {
      envelope: envelopeOf(topic, {
        message,
        storedAt: storedAtOf(message),
        position: formatPosition(reader.position),
        fallbackId: `${topic.name}/${sequence}`,
      }),
    };
  }
}

async function* readLive(
  broker: Broker,
  topic: LiveTopicDescriptor,
  request: ReadRequest,
  signal: AbortSignal,
): AsyncGenerator<Response> {
  refuseFrom(topic, request.from);
  using listener = listenLive({ broker, topic, group: groupOf(request.group), signal });
  for (;;) {
    const message = await listener.next();
    if (message === undefined) return;
    yield { envelope: envelopeOf(topic, { message, storedAt: new Date(), position: "", fallbackId: "" }) };
  }
}
