export { outboxState } from "./outbox-state.ts";
export { runOutbox, type RunOutboxOptions } from "./run-outbox.ts";
export { createTopicSenders, type TopicSender, type TopicSenders } from "./topic-sender.ts";
