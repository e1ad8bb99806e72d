// Who a user is, by a JSON Web Token. Invariants:
//   K1. A token is verified before anything of it is believed, but its `iss`, which says whose keys it is verified with:
//       the signature, by an asymmetric algorithm that counts; `exp`, `nbf`, `iss`, one of the audiences; a `sub`.
//   K2. A token that is no good is refused, also where nobody asked for one: its caller believes to be somebody.
//   K3. No token is in a log or in a message, nor what it claims: a caller learns what is wrong with it, in our words.
//   K4. Keys that cannot be had are no fault of a token: `Unavailable`, and the call may come again.
import { decodeJwt, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from "jose";
import { SamspelError } from "../errors/index.ts";
import { wordsOf } from "./claims.ts";
import { fetchedKeys, givenKeys, KeysUnavailable } from "./keys.ts";
import type { ResolvedIssuer } from "./options.ts";
import type { UserPrincipal } from "./principal.ts";

/** A user, and how long its token is good. */
export interface SignedIn {
  readonly user: UserPrincipal;
  /** The token's `exp` and what clocks may differ, as `Date.now()`. */
  readonly expiresAt: number;
}

/**
 * Verifies the token of an `authorization` header.
 *
 * @throws SAMSPEL_UNAUTHENTICATED for a header that has none, SAMSPEL_TOKEN_INVALID, SAMSPEL_TOKEN_EXPIRED;
 *   SAMSPEL_ISSUER_UNREACHABLE where its keys cannot be had.
 */
export type VerifyToken = (authorization: string, via?: string) => SignedIn | Promise<SignedIn>;

export interface TokenVerifierOptions {
  readonly issuers: readonly ResolvedIssuer[];
  /** Told when keys cannot be fetched. */
  readonly onKeysFailure?: (issuer: string, error: unknown) => void;
  /** Default: by `jwks` of the issuer. */
  readonly keysOf?: (issuer: ResolvedIssuer) => JWTVerifyGetKey;
}

/** @throws SAMSPEL_INVALID_CONFIGURATION for keys that are none. */
export function createTokenVerifier(
  options: TokenVerifierOptions,
): (...asked: Parameters<VerifyToken>) => Promise<SignedIn> {
  const { onKeysFailure = () => {} } = options;
  const keysOf = options.keysOf ?? ((issuer) => defaultKeys(issuer, onKeysFailure));
  const issuers = new Map(options.issuers.map((issuer) => [issuer.issuer, { issuer, keys: keysOf(issuer) }]));
  return async (authorization, via) => {
    const [, token] = /^bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization) ?? [];
    if (token === undefined) {
      const isBearer = /^bearer /i.test(authorization);
      throw isBearer
        ? invalid("malformed", "it is no JSON Web Token with a signature")
        : new SamspelError("SAMSPEL_UNAUTHENTICATED", "authorization must be `Bearer <token>`");
    }
    const found = issuers.get(claimedIssuer(token));
    if (found === undefined) throw invalid("issuer", "its issuer is none that is accepted here");
    const payload = await verified(token, found);
    return signedIn(payload, found.issuer, via);
  };
}

function defaultKeys(
  { issuer, jwks }: ResolvedIssuer,
  onFailure: NonNullable<TokenVerifierOptions["onKeysFailure"]>,
): JWTVerifyGetKey {
  if (!(jwks instanceof URL)) return givenKeys(jwks);
  return fetchedKeys({ url: jwks, onFailure: (error) => onFailure(issuer, error) });
}

/** Not believed: it only says which keys to try. */
function claimedIssuer(token: string): string {
  try {
    return decodeJwt(token).iss ?? "";
  } catch {
    throw invalid("malformed", "it is no JSON Web Token");
  }
}

interface Found {
  readonly issuer: ResolvedIssuer;
  readonly keys: JWTVerifyGetKey;
}

async function verified(token: string, { issuer, keys }: Found): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: issuer.issuer,
      audience: [...issuer.audiences],
      algorithms: [...issuer.algorithms],
      clockTolerance: issuer.clockToleranceMs / 1_000,
      requiredClaims: ["sub", "exp"],
    });
    return payload;
  } catch (error) {
    throw asSeenByCaller(error, issuer.issuer);
  }
}

function signedIn(payload: JWTPayload, issuer: ResolvedIssuer, via: string | undefined): SignedIn {
  const { sub: subject, exp = 0 } = payload;
  if (typeof subject !== "string" || subject === "") throw invalid("sub", "its sub must be a text");
  return {
    user: {
      type: "user",
      subject,
      issuer: issuer.issuer,
      claims: payload,
      roles: wordsOf(payload, issuer.rolesClaim),
      scopes: wordsOf(payload, issuer.scopesClaim),
      ...(via === undefined ? {} : { via }),
    },
    expiresAt: exp * 1_000 + issuer.clockToleranceMs,
  };
}

/** Without the cause, which has the claims in it (K3). */
function asSeenByCaller(error: unknown, issuer: string): unknown {
  if (error instanceof KeysUnavailable) {
    return new SamspelError(
      "SAMSPEL_ISSUER_UNREACHABLE",
      `the keys of ${issuer}, which tokens are verified with, cannot be had now`,
    );
  }
  if (error instanceof errors.JWTExpired) return tokenExpired();
  if (error instanceof errors.JWTClaimValidationFailed) {
    const claim = error.claim === "aud" ? "it is for another audience" : claimProblem(error);
    return invalid(error.claim, claim);
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return invalid("algorithm", "it is signed by an algorithm that is not accepted here");
  }
  if (error instanceof errors.JWKSNoMatchingKey) {
    return invalid("key", "its issuer has no such key, or has it no more");
  }
  if (error instanceof errors.JWKSMultipleMatchingKeys) {
    return invalid("key", "it does not say which of its issuer's keys it is signed with (kid)");
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return invalid("signature", "its signature is not that of its issuer");
  }
  if (error instanceof errors.JOSEError) return invalid("malformed", "it is not as a JSON Web Token must be");
  return error;
}

function claimProblem({ claim, reason }: errors.JWTClaimValidationFailed): string {
  if (claim === "nbf" && reason === "check_failed") return "it is not valid yet (nbf)";
  return reason === "missing" ? `it has no ${claim}` : `its ${claim} is not as it must be`;
}

function invalid(what: string, why: string): SamspelError {
  return new SamspelError("SAMSPEL_TOKEN_INVALID", `the token is not accepted: ${why}`, {
    metadata: { reason: what },
  });
}

/** Of a token that was good, and is over. */
export function tokenExpired(): SamspelError {
  return new SamspelError("SAMSPEL_TOKEN_EXPIRED", "the token is over: get a new one");
}
