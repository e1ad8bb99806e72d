export { openBroker, type Broker, type BrokerOptions } from "./broker.ts";
export { makeHeaders, type MessageAttributes, type TopicHeaders } from "./headers.ts";
export {
  createPublisher,
  type OutgoingMessage,
  type Publisher,
  type PublisherOptions,
  type PublishResult,
} from "./publish-messages.ts";
export { runSubscription, type RunSubscriptionOptions } from "./run-subscription.ts";
export { topicServiceImpl } from "./serve-topic.ts";
export { ensureStream, partitionSubject, streamName } from "./stream.ts";
export {
  subscribe,
  type ExhaustedPolicy,
  type MessageContext,
  type MessageHandler,
  type RetryOptions,
  type SubscribeOptions,
  type Subscription,
} from "./subscribe.ts";
