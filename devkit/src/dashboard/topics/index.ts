// The topics of the system: who reads them, what passes, and messages that people publish.
export { describeTopic } from "./describe-topic.ts";
export type { TopicsContext } from "./find-topic.ts";
export { listTopics } from "./list-topics.ts";
export { openNats } from "./nats.ts";
export { publishMessage } from "./publish-message.ts";
export { watchTopic } from "./watch-topic.ts";
