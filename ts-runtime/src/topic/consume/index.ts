export type { Delivery } from "./delivery.ts";
export {
  checkConsumer,
  Fenced,
  GiveUp,
  Postponed,
  type ConsumerOptions,
  type RetryOptions,
  type Work,
} from "./options.ts";
export type { GroupName } from "./group-control.ts";
export type { Received } from "./received.ts";
export { runConsumer } from "./run-consumer.ts";
export type { Start } from "./start.ts";
