// The topics of a service, as it serves them over gRPC.
import type { DescMethod } from "@bufbuild/protobuf";
import { principalOf } from "../auth/index.ts";
import { liveTopicDescriptor } from "../descriptor/index.ts";
import { bind, type ServerAuth, type ServiceBinding } from "../service/index.ts";
import {
  createGroupReaders,
  createTopicService,
  topicServiceImpl,
  type GroupReaders,
} from "../topic-stream/index.ts";
import type { OpenInfra } from "./open-infra.ts";
import type { ServiceOptions } from "./options.ts";

interface TopicBindings {
  readonly bindings: readonly ServiceBinding[];
  readonly beside: readonly ServiceBinding[];
}

interface TopicParts {
  readonly infra: OpenInfra;
  readonly begun: AsyncDisposableStack;
  readonly auth: Pick<ServerAuth, "rules">;
}

/**
 * Each proto service that has topics is served as a stream as well, for those who have no NATS client; and all topics
 * in envelopes, which have places to go on from.
 */
export function topicBindings(
  { topics = [], liveTopics = [] }: ServiceOptions,
  { infra, begun, auth }: TopicParts,
): TopicBindings {
  if (topics.length + liveTopics.length === 0) return { bindings: [], beside: [] };
  const broker = infra.requireBroker();
  // Streams end before, when the server drains; what they had not committed is given back then.
  const readers: GroupReaders = begun.use(createGroupReaders(broker));
  const methods = [...topics.map(({ method }) => method), ...liveTopics];
  const services = new Set(methods.map(({ parent }) => parent));
  const methodOf = new Map<string, DescMethod>([
    ...topics.map(({ topic, method }) => [topic.name, method] as const),
    ...liveTopics.map((method) => [liveTopicDescriptor(method).name, method] as const),
  ]);
  return {
    bindings: [...services].map((service) => bind(service, topicServiceImpl({ broker, readers }, service))),
    beside: [
      createTopicService({
        broker,
        readers,
        topics: topics.map(({ topic }) => topic),
        liveTopics: liveTopics.map(liveTopicDescriptor),
        // As its own method would: else the envelopes were a way around a rule.
        admit(topic, context) {
          const method = methodOf.get(topic);
          if (method !== undefined) auth.rules.check(method, principalOf(context));
        },
      }),
    ],
  };
}
