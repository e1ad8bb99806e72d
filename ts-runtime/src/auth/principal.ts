// Who asks, as far as it is proved: a service by its certificate, a user by a token that was verified. In every handler's
// context, so that none has to look at headers.
import {
  createContextKey,
  type ContextKey,
  type ContextValues,
  type HandlerContext,
} from "@connectrpc/connect";
import { SamspelError } from "../errors/index.ts";
import { readClaims, type ClaimsSchema } from "./claims.ts";

/** What a token says, as JSON has it. */
export type Claims = Readonly<Record<string, unknown>>;

/** Whoever it is, it has not shown. */
export interface AnonymousPrincipal {
  readonly type: "anonymous";
}

/** A service, by a certificate of the registry's CA that was verified, and without a user's token. */
export interface ServicePrincipal {
  readonly type: "service";
  /** Its name in the registry. */
  readonly name: string;
  readonly spiffeId: string;
}

/** A user, by a token that was verified. */
export interface UserPrincipal<C = Claims> {
  readonly type: "user";
  /** The token's `sub`: who it is to its issuer, and unique there alone. */
  readonly subject: string;
  /** The token's `iss`. */
  readonly issuer: string;
  readonly claims: C;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  /** The service that calls with the user's token, such as a gateway; absent where the caller has shown no identity. */
  readonly via?: string;
}

/** Who asks. */
export type Principal = AnonymousPrincipal | ServicePrincipal | UserPrincipal;

export const anonymousPrincipal: AnonymousPrincipal = { type: "anonymous" };

export const principalKey: ContextKey<Principal> = createContextKey<Principal>(anonymousPrincipal, {
  description: "samspel.principal",
});

/** What knows who asks: a handler's context, a command's context, or an interceptor's request. */
export type PrincipalSource =
  | { readonly principal: Principal }
  | Pick<HandlerContext, "values">
  | { readonly contextValues: ContextValues };

/**
 * Who asks. A tell, a timer and a subscription's message have nobody who asks: theirs is anonymous, and so is the
 * principal of who calls a service without identity and issuers.
 */
export function principalOf(context: PrincipalSource): Principal {
  if ("principal" in context) return context.principal;
  return ("values" in context ? context.values : context.contextValues).get(principalKey);
}

/**
 * The user who asks; with a schema (any Standard Schema, such as of valibot or zod), its claims as the schema has them.
 *
 * @throws SAMSPEL_UNAUTHENTICATED where nobody has shown a token, and where the claims are not such.
 */
export function requireUser(context: PrincipalSource): UserPrincipal;
export function requireUser<C>(context: PrincipalSource, claims: ClaimsSchema<C>): UserPrincipal<C>;
export function requireUser<C>(
  context: PrincipalSource,
  schema?: ClaimsSchema<C>,
): UserPrincipal | UserPrincipal<C> {
  const principal = principalOf(context);
  if (principal.type !== "user") {
    throw new SamspelError(
      "SAMSPEL_UNAUTHENTICATED",
      "this call needs a user's token: authorization: Bearer <token>",
    );
  }
  if (schema === undefined) return principal;
  return { ...principal, claims: readClaims(schema, principal.claims) };
}
