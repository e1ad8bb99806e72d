import { exportJWK, generateKeyPair, type JSONWebKeySet, type JWK } from "jose";
import t from "tap";
import { insecureKeys, resolveAuth, type IssuerOptions } from "./options.ts";

const issuer: IssuerOptions = { issuer: "https://id.test", audience: "doors", jwks: "https://id.test/keys" };

t.test("resolveAuth() takes the code's word, else the environment's, else a default", async (t) => {
  t.same(resolveAuth({}, {}), { issuers: [], default: "allow" });
  t.equal(resolveAuth({}, { NODE_ENV: "production" }).default, "deny");
  t.equal(resolveAuth({}, { NODE_ENV: "production", SAMSPEL_AUTH_DEFAULT: "allow" }).default, "allow");
  t.equal(resolveAuth({ default: "deny" }, { SAMSPEL_AUTH_DEFAULT: "allow" }).default, "deny");
  const SAMSPEL_AUTH_ISSUERS = JSON.stringify([{ ...issuer, audience: ["doors", "windows"] }]);
  t.match(resolveAuth({}, { SAMSPEL_AUTH_ISSUERS }).issuers, [
    { issuer: "https://id.test", audiences: ["doors", "windows"], rolesClaim: "roles", scopesClaim: "scope" },
  ]);
  t.equal(resolveAuth({ issuers: [] }, { SAMSPEL_AUTH_ISSUERS }).issuers.length, 0);
});

t.test("no algorithm by a shared secret counts, whatever is set", async (t) => {
  const [resolved] = resolveAuth({ issuers: [issuer] }, {}).issuers;
  t.notOk(resolved?.algorithms.some((name) => name.startsWith("HS") || name === "none"));
  for (const algorithms of [["HS256"], ["none"], ["RS256", "HS512"], [], ["rs256"]]) {
    t.throws(() => resolveAuth({ issuers: [{ ...issuer, algorithms }] }, {}), {
      code: "SAMSPEL_INVALID_CONFIGURATION",
      message: /auth\.issuers\[0\]\.algorithms must be a list of RS256/,
    });
  }
});

t.test("resolveAuth() refuses what cannot be, and names it", async (t) => {
  const given = (changes: object): (() => unknown) => {
    const SAMSPEL_AUTH_ISSUERS = JSON.stringify([{ ...issuer, ...changes }]);
    return () => resolveAuth({}, { SAMSPEL_AUTH_ISSUERS });
  };
  const refusal = (message: RegExp) => ({ code: "SAMSPEL_INVALID_CONFIGURATION", message });
  const at = String.raw`SAMSPEL_AUTH_ISSUERS\[0\]`;
  t.throws(given({ audience: undefined }), refusal(new RegExp(`${at}.audience must be one of the aud`)));
  t.throws(given({ audience: [] }), refusal(new RegExp(`${at}.audience`)));
  t.throws(given({ issuer: "" }), refusal(new RegExp(`${at}.issuer`)));
  t.throws(given({ jwks: "id.test/keys" }), refusal(new RegExp(`${at}.jwks must be an https URL`)));
  t.throws(given({ jwks: { keys: [] } }), refusal(new RegExp(`${at}.jwks`)));
  t.throws(given({ clockToleranceMs: -1 }), refusal(new RegExp(`${at}.clockToleranceMs`)));
  t.throws(
    given({ audiance: "doors" }),
    refusal(/A key of .* must be one of issuer, audience.*: current value is audiance/),
  );
  t.throws(() => resolveAuth({}, { SAMSPEL_AUTH_ISSUERS: "{" }), refusal(/must be a JSON list of issuers/));
  t.throws(() => resolveAuth({}, { SAMSPEL_AUTH_ISSUERS: "{}" }), refusal(/must be a JSON list of issuers/));
  t.throws(
    () => resolveAuth({ issuers: [issuer, issuer] }, {}),
    refusal(/each issuer once: https:\/\/id.test is/),
  );
  t.throws(
    () => resolveAuth({}, { SAMSPEL_AUTH_DEFAULT: "maybe" }),
    refusal(/SAMSPEL_AUTH_DEFAULT must be allow or deny/),
  );
});

t.test("a private key, or a secret, in place of a public one is refused and not shown", async (t) => {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const secret: JWK = { kty: "oct", k: "c2VjcmV0" };
  for (const key of [await exportJWK(privateKey), secret]) {
    const jwks: JSONWebKeySet = { keys: [key] };
    try {
      resolveAuth({ issuers: [{ ...issuer, jwks }] }, {});
      t.fail("it was taken");
    } catch (error) {
      t.match(String(error), /must be public keys/);
      t.notOk(String(error).includes(key.d ?? key.k ?? "?"));
    }
  }
});

t.test("keys by plain http from elsewhere are pointed out", async (t) => {
  const over = (jwks: string): readonly string[] =>
    insecureKeys(resolveAuth({ issuers: [{ ...issuer, jwks }] }, {}));
  t.same(over("http://id.test/keys"), ["http://id.test/keys"]);
  for (const jwks of [
    "https://id.test/keys",
    "http://127.0.0.1:1/keys",
    "http://localhost/keys",
    "http://[::1]/k",
  ]) {
    t.same(over(jwks), []);
  }
});
