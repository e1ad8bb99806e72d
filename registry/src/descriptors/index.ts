export {
  createDescriptors,
  refreshUsesMs,
  type CallerOfRecord,
  type Descriptors,
  type ServedOfRecord,
} from "./descriptors.ts";
export { publishingAgent } from "./publishing-agent.ts";
export { sha256Of } from "./store.ts";
