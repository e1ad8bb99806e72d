// The topics of a service, and what they hold. Nothing is made by looking: a stream that is not there stays so.
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { TopicDescriptor } from "../descriptor/index.ts";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { TopicContentSchema, TopicSchema } from "../gen/samspel/v1/backoffice_pb.ts";
import { apiErrorOf, streamName, streamNotFound, topicSubjects, type Broker } from "../topic/index.ts";
import { required, type BackofficeParts, type Methods } from "./parts.ts";

export function topicMethods(parts: BackofficeParts): Methods<"listTopics"> {
  return {
    async listTopics() {
      const topics = [...(await Promise.all(durableTopics(parts))), ...liveTopics(parts)];
      return { topics: topics.toSorted((a, b) => ((a.name ?? "") < (b.name ?? "") ? -1 : 1)) };
    },
  };
}

type Answer = MessageInitShape<typeof TopicSchema>;

function durableTopics({ publications, subscriptions, broker }: BackofficeParts): readonly Promise<Answer>[] {
  const all = [...publications, ...subscriptions].map(({ topic }) => topic);
  const topics = new Map(all.map((topic) => [topic.name, topic]));
  return [...topics.values()].map(async (topic): Promise<Answer> => {
    const content = await contentOf(required(broker, "broker"), topic);
    return {
      name: topic.name,
      messageType: topic.message.typeName,
      partitions: topic.partitions,
      published: publications.some((publication) => publication.topic.name === topic.name),
      groups: subscriptions.filter((each) => each.topic.name === topic.name).map(({ group }) => group),
      ...(content === undefined ? {} : { content }),
    };
  });
}

function liveTopics({ liveTopics: published, liveSubscriptions }: BackofficeParts): readonly Answer[] {
  const all = [...published, ...liveSubscriptions.map(({ topic }) => topic)];
  const topics = new Map(all.map((topic) => [topic.name, topic]));
  return [...topics.values()].map(({ name, message }) => ({
    name,
    messageType: message.typeName,
    live: true,
    published: published.some((topic) => topic.name === name),
    groups: liveSubscriptions.flatMap(({ topic, group }) =>
      topic.name === name && group !== undefined ? [group] : [],
    ),
  }));
}

async function contentOf(
  { manager, prefix }: Broker,
  topic: TopicDescriptor,
): Promise<MessageInitShape<typeof TopicContentSchema> | undefined> {
  try {
    const { state } = await manager.streams.info(streamName(prefix, topic), {
      subjects_filter: topicSubjects(prefix, topic),
    });
    // Without the fences of publishers, which lie in the same stream.
    const messages = Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0);
    return {
      messages: BigInt(messages),
      bytes: BigInt(state.bytes),
      firstSequence: BigInt(state.first_seq),
      lastSequence: BigInt(state.last_seq),
      ...(state.messages === 0
        ? {}
        : {
            firstTime: timestampFromDate(new Date(state.first_ts)),
            lastTime: timestampFromDate(new Date(state.last_ts)),
          }),
    };
  } catch (error) {
    if (apiErrorOf(error) === streamNotFound) return undefined;
    throw error;
  }
}
