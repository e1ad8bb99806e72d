export { createCallerNotes, type CallerNotes } from "./caller-notes.ts";
export { createClients, type Clients, type ClientsOptions } from "./clients.ts";
export { commandId, commandIdHeader, maxCommandIdLength } from "./command-id.ts";
export { createProxyCalls, type ProxyCalls, type ProxyCallsOptions } from "./proxy-calls.ts";
export type { RawResponse } from "./raw-calls.ts";
export { createEndingClient } from "./ending-streams.ts";
export { errorDetail } from "./error-detail.ts";
export type { InstanceSource, Target } from "./instance-source.ts";
export type { ClientIdentity } from "./security.ts";
export {
  afterHeader,
  afterPosition,
  decodeEntityPosition,
  encodeEntityPosition,
  positionHeader,
  readPosition,
  type EntityPosition,
} from "./position.ts";
