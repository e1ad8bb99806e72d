// An issuer of tokens for tests: its keys are in memory, and nothing is fetched.
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { Claims, IssuerOptions } from "../auth/index.ts";

export interface TestIssuerOptions {
  /** Default `https://issuer.test`. */
  readonly issuer?: string;
  /** Default `test`. */
  readonly audience?: string;
}

/** What a token is to say; what is left out is as a good token has it. */
export interface TestTokenOptions {
  /** Default `ann`. */
  readonly subject?: string;
  /** Claims beside those of the token itself, such as `roles`. */
  readonly claims?: Claims;
  /** When it is over, from now; negative for one that is. Default one hour, in milliseconds. */
  readonly expiresInMs?: number;
  /** Default: that of the issuer. */
  readonly audience?: string;
}

/** An issuer under a test's control. */
export interface TestIssuer {
  /** For `auth: { issuers: [issuer.options] }`. */
  readonly options: IssuerOptions;
  /** A token that the service takes, or not, as the options have it. */
  token(this: void, options?: TestTokenOptions): Promise<string>;
  /** The same as a header: `client.visit({}, { headers: await issuer.authorization() })`. */
  authorization(this: void, options?: TestTokenOptions): Promise<{ readonly authorization: string }>;
}

/** Makes an issuer with a key of its own. */
export async function createTestIssuer(options: TestIssuerOptions = {}): Promise<TestIssuer> {
  const { issuer = "https://issuer.test", audience = "test" } = options;
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const key = { ...(await exportJWK(publicKey)), kid: "test", alg: "ES256" };
  const token: TestIssuer["token"] = (asked = {}) => {
    const { subject = "ann", claims = {}, expiresInMs = 3_600_000 } = asked;
    const nowS = Math.floor(Date.now() / 1_000);
    return new SignJWT({ ...claims })
      .setProtectedHeader({ alg: "ES256", kid: "test" })
      .setIssuer(issuer)
      .setAudience(asked.audience ?? audience)
      .setSubject(subject)
      .setIssuedAt(nowS)
      .setExpirationTime(nowS + Math.ceil(expiresInMs / 1_000))
      .sign(privateKey);
  };
  return {
    options: { issuer, audience, jwks: { keys: [key] } },
    token,
    authorization: async (asked) => ({ authorization: `Bearer ${await token(asked)}` }),
  };
}
