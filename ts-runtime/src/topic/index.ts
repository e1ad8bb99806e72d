export { openBroker, type Broker } from "./broker.ts";
export { headerLines, makeHeaders } from "./headers.ts";
export { requireFences, takeLanes, type Lane } from "./lane.ts";
export { createPublisher } from "./publish-messages.ts";
export type { OutgoingMessage, Publisher, PublishOutcome, PublishTrouble } from "./publisher.ts";
export { runSubscription, type RunSubscriptionOptions } from "./run-subscription.ts";
export { topicServiceImpl } from "./serve-topic.ts";
export { ensureStream, partitionSubject, streamName, topicSubjects } from "./stream.ts";
export { subscribe, type MessageContext, type Subscription } from "./subscribe.ts";
