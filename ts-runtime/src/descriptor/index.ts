export { keyField, keyOf } from "./key-field.ts";
export { partitionOf, sliceCount, sliceOf } from "./slice.ts";
export { topicDescriptor, type TopicDescriptor, type TopicMethod } from "./topic-options.ts";
