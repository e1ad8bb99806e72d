// samspel.v1.TopicService: the topics of a service in envelopes, each with its place.
import { Code } from "@connectrpc/connect";
import type { TopicDescriptor } from "../descriptor/index.ts";
import { SamspelError } from "../errors/index.ts";
import { TopicService } from "../gen/samspel/v1/topic_service_pb.ts";
import { bind, drainingSignal, type ServiceBinding } from "../service/index.ts";
import type { Broker } from "../topic/index.ts";
import { envelopeOf } from "./envelope.ts";
import { formatPosition } from "./position.ts";
import { storedAtOf } from "./pull.ts";
import { readTopic } from "./read-topic.ts";
import { fromOf } from "./request.ts";
import { goesOnElsewhere } from "./topic-methods.ts";

export interface TopicServiceOptions {
  readonly broker: Broker;
  /** What may be read: any other topic is refused, as whoever serves one answers for who sees it. */
  readonly topics: readonly TopicDescriptor[];
}

/** Makes the service, to be served beside the typed methods of the topics. */
export function createTopicService({ broker, topics }: TopicServiceOptions): ServiceBinding {
  const topicNamed = (name: string): TopicDescriptor => {
    const found = topics.find((topic) => topic.name === name);
    if (found !== undefined) return found;
    throw new SamspelError(
      "SAMSPEL_INVALID_REQUEST",
      `topic must be one that this service serves, ${topics.map((topic) => topic.name).join(", ")}: current value is "${name.slice(0, 100)}"`,
      { grpc: Code.NotFound, metadata: { field: "topic" } },
    );
  };

  return bind(TopicService, {
    async *read(request, context) {
      const topic = topicNamed(request.topic);
      const signal = drainingSignal(context);
      await using reader = await readTopic({ broker, topic, from: fromOf(request.from), signal });
      for (;;) {
        const stored = await reader.next();
        if (stored === undefined) break;
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
      if (!context.signal.aborted) throw goesOnElsewhere(topic);
    },
    commit() {
      throw new SamspelError("SAMSPEL_INVALID_REQUEST", "groups are not there yet");
    },
  });
}
