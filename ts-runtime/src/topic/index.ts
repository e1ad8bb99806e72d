export { apiErrorOf, openBroker, type Broker, type BrokerOptions } from "./broker.ts";
export { encodeValue, makeHeaders, readHeaders } from "./headers.ts";
export { createPublisher, type OutgoingMessage, type Publisher } from "./publish-messages.ts";
export { runSubscription, type RunSubscriptionOptions } from "./run-subscription.ts";
export { topicServiceImpl } from "./serve-topic.ts";
export { ensureStream, partitionSubject, streamName } from "./stream.ts";
export { subscribe, type MessageContext, type Subscription } from "./subscribe.ts";
export {
  GiveUp,
  Postponed,
  runConsumer,
  type ConsumerOptions,
  type Delivery,
  type Received,
} from "./consume/index.ts";
export { parkDeadLetter } from "./dead-letter.ts";
