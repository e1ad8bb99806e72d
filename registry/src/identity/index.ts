export {
  openAuthorizer,
  type Authorization,
  type Authorizer,
  type AuthorizerOptions,
  type Caller,
} from "./authorizer.ts";
export { openIdentity, type Identity, type IdentityOptions } from "./identity.ts";
export { IdentityError, type IdentityRefusal } from "./identity-error.ts";
export type { Leaf } from "./leaf.ts";
export { clientTls, peerChain, type ClientTls } from "./node-tls.ts";
export { identifyPeer, type PeerExpectation, type SpiffeId } from "./spiffe.ts";
export { verifyPeer, type Trust } from "./trust.ts";
export { uriNames } from "./subject-names.ts";
