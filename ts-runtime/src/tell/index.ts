export { createTellingClients, type TellingClientsOptions } from "./create-clients.ts";
export { withTell, withTells, type TellClient, type TellingClient, type TellingClients } from "./clients.ts";
export { createLazyBroker } from "./lazy-broker.ts";
export { makeTell, outboxMessage, requireDelay, traceOf } from "./outgoing-tell.ts";
export type { Receipt } from "./receipt.ts";
export type { ReplyOptions } from "./replies.ts";
export { createTeller, type Teller, type TellOptions } from "./teller.ts";
