export { createDescriptors, refreshUsesMs, type CallerOfRecord, type Descriptors } from "./descriptors.ts";
export { publishingAgent } from "./publishing-agent.ts";
export type { DescriptorUse } from "./record.ts";
export { sha256Of } from "./store.ts";
