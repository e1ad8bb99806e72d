// Who asks, and may they: users by tokens, services by certificates, and the rules of proto files.
export { createCallRules, findRules, isExempt, namesOf, type CallRules } from "./call-rules.ts";
export type { ClaimsSchema } from "./claims.ts";
export {
  insecureKeys,
  resolveAuth,
  type AuthOptions,
  type DefaultRule,
  type IssuerOptions,
  type ResolvedAuth,
} from "./options.ts";
export {
  anonymousPrincipal,
  principalKey,
  principalOf,
  requireUser,
  type AnonymousPrincipal,
  type Claims,
  type Principal,
  type PrincipalSource,
  type ServicePrincipal,
  type UserPrincipal,
} from "./principal.ts";
export { remembering } from "./remember.ts";
export { createTokenVerifier, tokenExpired, type SignedIn, type VerifyToken } from "./verify-token.ts";
