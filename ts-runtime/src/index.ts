// The door of @samspel/runtime.

// What services are written with.
export { startService, type RunningService, type ServiceOptions } from "./host/index.ts";
export { serve, type ServiceContext, type Serving } from "./host/index.ts";
export { callerOf, drainingSignal, type Caller } from "./service/index.ts";
export {
  principalOf,
  requireUser,
  type AnonymousPrincipal,
  type AuthOptions,
  type Claims,
  type ClaimsSchema,
  type DefaultRule,
  type IssuerOptions,
  type Principal,
  type PrincipalSource,
  type ServicePrincipal,
  type UserPrincipal,
} from "./auth/index.ts";
export { defineEntity, persist, type CommandContext, type Entity } from "./entity/index.ts";
export { from, publish, topic, type Publication } from "./publication/index.ts";
export {
  on,
  project,
  type CaughtUpOptions,
  type ChangingProjection,
  type HistoryThenLiveOptions,
  type Projection,
  type ProjectionContext,
} from "./projection/index.ts";
export { subscribe, type BatchedMessage, type MessageContext, type Subscription } from "./topic/index.ts";
export { subscribeLive, type LiveContext, type LiveSubscription } from "./live/index.ts";
export {
  detail,
  errorCodes,
  reject,
  SamspelError,
  type ErrorCode,
  type SamspelErrorOptions,
} from "./errors/index.ts";
export {
  policyFor,
  type CallPolicyPatch,
  type ConfiguredService,
  type InstancesPatch,
  type PolicyConfiguration,
  type ServicePatch,
} from "./policy/index.ts";
export type { Sql, TransactionSql } from "./postgres/index.ts";
export type { Logger } from "./telemetry/index.ts";

// What callers use.
export { afterPosition, commandId, errorDetail, readPosition } from "./client/index.ts";
export {
  createTellingClients as createClients,
  type InboxContext,
  type InboxImpl,
  type Receipt,
  type ReplyOptions,
  type TellClient,
  type TellingClients as Clients,
  type TellingClientsOptions as ClientsOptions,
  type TellOptions,
} from "./tell/index.ts";
