// Topics of a system as they lie in NATS and as descriptors declare them, for those who look: nothing is made, and no
// group notices.
export { connectNats } from "./connect.ts";
export { declaredTopic, topicsOf, type DeclaredTopic } from "./declared-topic.ts";
export { deadLettersOf } from "./dead-letters.ts";
export { durableGroups, type DurableGroup, type DurablePart } from "./durable-groups.ts";
export { contentOf, keptTopics, type KeptTopic } from "./kept-topics.ts";
export { decodeMessage, keyOf } from "./message.ts";
export type { Place } from "./place.ts";
export { readTopic, type StoredMessage } from "./read-topic.ts";
