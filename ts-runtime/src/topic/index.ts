export { apiErrorOf, openBroker, type Broker, type BrokerOptions } from "./broker.ts";
export { encodeValue, headerLines, makeHeaders, readHeaders, type TopicHeaders } from "./headers.ts";
export { requireFences, takeLanes, type Lane } from "./lane.ts";
export { createPublisher } from "./publish-messages.ts";
export type { OutgoingMessage, Publisher, PublishOutcome, PublishTrouble, Sending } from "./publisher.ts";
export { runSubscription, type RunSubscriptionOptions } from "./run-subscription.ts";
export { ensureStream, partitionSubject, streamName, topicSubjects } from "./stream.ts";
export {
  GiveUp,
  Postponed,
  runConsumer,
  type ConsumerOptions,
  type Delivery,
  type Received,
  type Start,
} from "./consume/index.ts";
export { subscribe, type Subscription } from "./subscribe.ts";
export type { BatchedMessage, MessageContext, SubscribeOptions } from "./subscription-types.ts";
export { parkDeadLetter } from "./dead-letter.ts";
export { resetGroup, setPaused, type GroupName } from "./consume/group-control.ts";
export { countDeadLetters } from "./count-dead-letters.ts";
export { forgetNotes } from "./inbox.ts";
export {
  groupPositions,
  groupState,
  listGroups,
  type GroupState,
  type PartitionState,
} from "./consume/group-state.ts";
export {
  dropDeadLetter,
  dropDeadLetters,
  listDeadLetters,
  readDeadLetter,
  type DeadLetter,
  type DeadLetterFilter,
} from "./dead-letters.ts";
export {
  replayDeadLetter,
  replayDeadLetters,
  type ReplayProgress,
  type ReplayResult,
} from "./replay-dead-letters.ts";
