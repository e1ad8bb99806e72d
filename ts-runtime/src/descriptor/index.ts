export { descriptorSetOf, readDescriptorSet } from "./descriptor-set.ts";
export { findKeyField, keyField, keyOf } from "./key-field.ts";
export { partitionOf, sliceCount, sliceOf } from "./slice.ts";
export { isDeduplicated, isIdempotent, isTellable, tellableMethod, type TellableMethod } from "./tellable.ts";
export {
  isLiveTopic,
  liveTopicDescriptor,
  topicDescriptor,
  type AnyTopicMethod,
  type LiveTopicDescriptor,
  type TopicDescriptor,
  type TopicMethod,
} from "./topic-options.ts";
export { callRule, type CallRule, type UserRule } from "./call-rule.ts";
