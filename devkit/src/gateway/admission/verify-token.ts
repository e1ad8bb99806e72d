// Who calls, by a JSON Web Token. Invariants:
//   K1. A token is verified before anything of it is believed: signature, `exp`, `nbf`, and the issuer and the audience
//       that are set. `none` is no signature.
//   K2. A call of a method that may be anonymous is so only without a token: a bad one is refused there as well.
//   K3. No token, and nothing of it but its subject, is in a log. A caller learns that its token is bad, not how.
import { readFile } from "node:fs/promises";
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  importSPKI,
  jwtVerify,
  type CryptoKey,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
} from "jose";
import { SamspelError } from "@samspel/runtime/proxy";
import { GatewayError } from "../gateway-error.ts";
import type { Principal } from "../http/incoming.ts";
import type { JwtOptions } from "../options.ts";

/** The principal of an `authorization` header; undefined without one. @throws SamspelError for one that is no good. */
export type VerifyToken = (authorization: string | undefined) => Promise<Principal | undefined>;

const keysTimeoutMs = 5_000;

/** @throws GatewayError when the keys cannot be read. */
export async function createTokenVerifier(options: JwtOptions): Promise<VerifyToken> {
  const { issuer, audience, claims = ["iss", "aud", "scope"], clockToleranceMs = 5_000 } = options;
  const key = await keysOf(options);
  const rules = {
    clockTolerance: clockToleranceMs / 1_000,
    requiredClaims: ["sub", "exp"],
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  };
  return async (authorization) => {
    if (authorization === undefined) return undefined;
    const [, token] = /^bearer +(\S+)$/i.exec(authorization) ?? [];
    if (token === undefined) throw unauthenticated("authorization must be `Bearer <token>`");
    try {
      const { payload } =
        typeof key === "function" ? await jwtVerify(token, key, rules) : await jwtVerify(token, key, rules);
      return { subject: payload.sub ?? "", claims: pick(payload, claims) };
    } catch (error) {
      if (isKeysAway(error)) {
        throw new SamspelError(
          "SAMSPEL_OVERLOADED",
          "the keys that tokens are verified with cannot be had now",
          {
            cause: error,
          },
        );
      }
      const isOver = error instanceof errors.JWTExpired;
      throw unauthenticated(isOver ? "the token is over: get a new one" : "the token is not accepted", error);
    }
  };
}

export function unauthenticated(message: string, cause?: unknown): SamspelError {
  return new SamspelError("SAMSPEL_UNAUTHENTICATED", message, cause === undefined ? {} : { cause });
}

/** The issuer does not answer: that is no fault of the token. */
function isKeysAway(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof TypeError) return true;
  return error instanceof errors.JOSEError && error.code === "ERR_JOSE_GENERIC";
}

async function keysOf(options: JwtOptions): Promise<JWTVerifyGetKey | CryptoKey> {
  const { jwksUrl, keyFile = "", algorithm = "RS256" } = options;
  if (jwksUrl !== undefined) return createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: keysTimeoutMs });
  try {
    const text = await readFile(keyFile, "utf8");
    if (text.trimStart().startsWith("{")) return createLocalJWKSet(JSON.parse(text) as JSONWebKeySet);
    return await importSPKI(text, algorithm);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new GatewayError(
      `Cannot use jwt.keyFile ${keyFile}: ${reason}. Give a JWKS, or a public key in PEM and its jwt.algorithm`,
      { cause: error },
    );
  }
}

function pick(payload: JWTPayload, names: readonly string[]): Principal["claims"] {
  return Object.fromEntries(
    names.flatMap((name) => (payload[name] === undefined ? [] : [[name, payload[name]]])),
  );
}
