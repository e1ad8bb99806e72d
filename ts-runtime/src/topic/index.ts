export { openBroker, type Broker } from "./broker.ts";
export { makeHeaders, readHeaders, type TopicHeaders } from "./headers.ts";
export { createPublisher, type OutgoingMessage, type Publisher } from "./publish-messages.ts";
export { runSubscription, type RunSubscriptionOptions } from "./run-subscription.ts";
export { ensureStream, partitionSubject, streamName, topicSubjects } from "./stream.ts";
export { subscribe, type MessageContext, type Subscription } from "./subscribe.ts";
export {
  runConsumer,
  type ConsumerOptions,
  type Delivery,
  type Received,
  type Start,
} from "./consume/index.ts";
export { parkDeadLetter } from "./dead-letter.ts";
