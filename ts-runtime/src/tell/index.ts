export { tellGroup } from "./address.ts";
export { createTellingClients, type TellingClientsOptions } from "./create-clients.ts";
export { withTell, withTells, type TellClient, type TellingClient, type TellingClients } from "./clients.ts";
export { pruneHandled, withInbox, type InboxContext, type InboxImpl } from "./inbox.ts";
export { createLazyBroker } from "./lazy-broker.ts";
export { makeTell, outboxMessage, requireDelay, traceOf } from "./outgoing-tell.ts";
export type { Receipt } from "./receipt.ts";
export type { ReplyOptions } from "./replies.ts";
export { createReplyPublisher } from "./reply-publisher.ts";
export { runTells, tellsName } from "./run-tells.ts";
export {
  tellQueues,
  tellsInOutbox,
  tellStatus,
  type TellQueue,
  type TellsInOutbox,
  type TellStatus,
} from "./state.ts";
export { toldService } from "./told-service.ts";
export { ensureTellStreamOf } from "./stream.ts";
export { createTeller, type Teller, type TellOptions } from "./teller.ts";
