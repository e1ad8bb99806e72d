export { apiErrorOf, streamNameInUse, streamNotFound } from "./api-error.ts";
export { openBroker, type Broker, type BrokerOptions } from "./broker.ts";
export { encodeValue, headerLines, makeHeaders, readHeaders, type TopicHeaders } from "./headers.ts";
export { requireFences, takeLanes, type Lane } from "./lane.ts";
export { idsStoredSince, sureOf } from "./find-stored.ts";
export { createPublisher } from "./publish-messages.ts";
export type { OutgoingMessage, Publisher, PublishOutcome, PublishTrouble, Sending } from "./publisher.ts";
export { runSubscription, type RunSubscriptionOptions } from "./run-subscription.ts";
export { ensureStream, partitionSubject, streamName, topicSubjects } from "./stream.ts";
export { subscribe, type Subscription } from "./subscribe.ts";
export type { BatchedMessage, MessageContext } from "./subscription-types.ts";
export { GiveUp, Postponed, runConsumer, type Delivery, type Received, type Start } from "./consume/index.ts";
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
} from "./dead-letters.ts";
export { replayDeadLetter, replayDeadLetters } from "./replay-dead-letters.ts";
