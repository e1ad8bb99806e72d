// @samspel/registry: join a registry that speaks Consul's HTTP API, and find the instances of proto services in it.
export {
  refreshUsesMs,
  type CallerOfRecord,
  type Descriptors,
  type ServedOfRecord,
} from "./descriptors/index.ts";
export { RegistryError, type RegistryErrorCode } from "./errors.ts";
export type { RegistryEvent } from "./events.ts";
export type { Instance } from "./instance.ts";
export type { RegistryOptions } from "./options.ts";
export type { Registration, RegistrationCheck, RegistrationHandle } from "./registration/index.ts";
export { createRegistry, type Registry } from "./registry.ts";
export {
  clientTls,
  IdentityError,
  identifyPeer,
  openAuthorizer,
  openIdentity,
  peerChain,
  verifyPeer,
  type Authorization,
  type Authorizer,
  type AuthorizerOptions,
  type Caller,
  type ClientTls,
  type Identity,
  type IdentityOptions,
  type IdentityRefusal,
  type Leaf,
  type PeerExpectation,
  type SpiffeId,
  type Trust,
} from "./identity/index.ts";
export type { CheckState, InstanceState, StatesWatch } from "./states/index.ts";
export type { RegistryTls } from "./tls.ts";
export type { StoredValue, Values, ValuesWatch } from "./values/index.ts";
export type {
  Health,
  InstanceQuery,
  InstanceWatch,
  ProtoServicesWatch,
  ResolveOptions,
  WatchStatus,
} from "./watch/index.ts";
