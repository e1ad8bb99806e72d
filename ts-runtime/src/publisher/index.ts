// The door, and `@samspel/runtime/publisher`: publishing to topics of any service, for tools and tests. What a service
// publishes of its own it publishes by its context.
export {
  createTopicPublisher,
  type PublishedMessage,
  type TopicPublisher,
  type TopicPublisherOptions,
  type TopicPublishOptions,
} from "./topic-publisher.ts";
