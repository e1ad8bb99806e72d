import { createHmac } from "node:crypto";
import { exportSPKI, generateKeyPair } from "jose";
import t, { type Test } from "tap";
import { startIssuer, type Issuer } from "../../../test/support/issuer.ts";
import { until } from "../../../test/support/until.ts";
import { fetchedKeys } from "./keys.ts";
import { resolveAuth, type IssuerOptions } from "./options.ts";
import { createTokenVerifier } from "./verify-token.ts";

type Verifier = ReturnType<typeof createTokenVerifier>;

const verifierOf = (...issuers: IssuerOptions[]): Verifier =>
  createTokenVerifier(resolveAuth({ issuers }, {}));

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A verifier on a clock that the test turns. */
function timed(issuer: Issuer) {
  let nowMs = Date.now();
  const failures: unknown[] = [];
  const verify = createTokenVerifier({
    ...resolveAuth({ issuers: [issuer.options] }, {}),
    keysOf: () =>
      fetchedKeys({
        url: new URL(issuer.url),
        times: { cooldownMs: 0 },
        nowMs: () => nowMs,
        onFailure: (error) => failures.push(error),
      }),
  });
  return {
    verify: (token: string) => verify(`Bearer ${token}`),
    advance: (ms: number) => void (nowMs += ms),
    failures,
  };
}

function refused(t: Test, verify: Verifier) {
  return async (token: string, reason: string, code = "SAMSPEL_TOKEN_INVALID"): Promise<void> => {
    const error: unknown = await verify(`Bearer ${token}`).catch((error: unknown) => error);
    t.match(error, { code, retryable: false, ...(reason === "" ? {} : { metadata: { reason } }) }, reason);
    const shown = JSON.stringify(error, Object.getOwnPropertyNames(error)) + String(error);
    t.notOk(shown.includes(token) || shown.includes("secret"), `${reason}: nothing of it is in the error`);
    t.equal(error instanceof Error ? error.cause : "none", undefined);
  };
}

t.test("verify() says who the user is", async (t) => {
  const issuer = await startIssuer(t);
  const verify = verifierOf({ ...issuer.options, rolesClaim: "realm.roles" });
  const claims = { realm: { roles: ["keeper", 7, "owner"] }, scope: "doors  windows", mail: "ann@test" };
  const before = Date.now();
  const { user, expiresAt } = await verify(`bearer ${await issuer.token({ claims })}`, "gateway");
  t.match(user, {
    type: "user",
    subject: "ann",
    issuer: "https://id.test",
    roles: ["keeper", "owner"],
    scopes: ["doors", "windows"],
    claims: { mail: "ann@test" },
    via: "gateway",
  });
  t.ok(expiresAt >= before + 3_600_000 - 1_000 && expiresAt <= Date.now() + 3_605_000 + 1_000);
  const many = await verify(`Bearer ${await issuer.token({ audience: ["other", "doors"] })}`);
  t.same([many.user.roles, many.user.scopes, "via" in many.user], [[], [], false]);
});

t.test(
  "verify() refuses what is not wholly good, and says what is wrong in words of its own (K1, K3)",
  async (t) => {
    const issuer = await startIssuer(t);
    const verify = verifierOf(issuer.options);
    const strangers = await generateKeyPair("RS256");
    const refuses = refused(t, verify);
    const claims = { note: "secret" };

    await refuses(await issuer.token({ claims, expiresInS: -60 }), "", "SAMSPEL_TOKEN_EXPIRED");
    await refuses(await issuer.token({ claims, notBeforeInS: 60 }), "nbf");
    await refuses(await issuer.token({ claims, audience: "windows" }), "aud");
    await refuses(await issuer.token({ claims, issuer: "https://evil.test" }), "issuer");
    await refuses(await issuer.token({ claims, issuer: "https://id.test/" }), "issuer");
    await refuses(await issuer.token({ claims, subject: undefined }), "sub");
    await refuses(await issuer.token({ claims, subject: "" }), "sub");
    await refuses(await issuer.token({ claims, expiresInS: undefined }), "exp");
    await refuses(await issuer.token({ claims, by: strangers.privateKey }), "signature");
    await refuses("abc", "malformed");
    await refuses("a.b.c", "malformed");

    const payload = base64({ iss: "https://id.test", aud: "doors", sub: "ann", exp: 9_999_999_999 });
    await refuses(`${base64({ alg: "none" })}.${payload}.`, "malformed");
    await refuses(`${base64({ alg: "none" })}.${payload}.AAAA`, "algorithm");
    t.ok(await verify(`Bearer ${await issuer.token({ expiresInS: -2 })}`), "clocks may differ a little");
    await t.rejects(verify("Basic YTpi"), { code: "SAMSPEL_UNAUTHENTICATED" });
    await t.rejects(verify(""), { code: "SAMSPEL_UNAUTHENTICATED" });
  },
);

t.test("a public key is no shared secret (algorithm confusion)", async (t) => {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  const issuer = await startIssuer(t);
  const head = `${base64({ alg: "HS256", kid: "one" })}.${base64({ iss: "https://id.test", aud: "doors", sub: "ann", exp: 9_999_999_999 })}`;
  const signature = createHmac("sha256", await exportSPKI(publicKey))
    .update(head)
    .digest("base64url");
  await refused(t, verifierOf(issuer.options))(`${head}.${signature}`, "algorithm");
  const strict = verifierOf({ ...issuer.options, algorithms: ["ES256"] });
  await refused(t, strict)(await issuer.token({ by: privateKey }), "algorithm");
});

t.test("the key of one issuer signs for no other", async (t) => {
  const one = await startIssuer(t);
  const two = await startIssuer(t);
  const verify = verifierOf(one.options, { ...two.options, issuer: "https://two.test" });
  t.equal(
    (await verify(`Bearer ${await two.token({ issuer: "https://two.test" })}`)).user.issuer,
    "https://two.test",
  );
  await refused(t, verify)(await one.token({ issuer: "https://two.test" }), "signature");
});

t.test(
  "keys rotate: a new one is fetched when a token names it, a withdrawn one counts no more",
  async (t) => {
    const issuer = await startIssuer(t);
    const { verify, advance } = timed(issuer);
    await verify(await issuer.token());
    t.equal(issuer.fetches(), 1);
    const old = await issuer.token();
    await issuer.rotate("two");
    await verify(await issuer.token());
    t.equal(issuer.fetches(), 2, "one that is not known is asked for");
    await verify(old);
    t.equal(issuer.fetches(), 2, "one that is known is not");
    await issuer.rotate("three", false);
    advance(10 * 60_000);
    await verify(old);
    await t.rejects(
      until("it is refused", async () => {
        await verify(old);
        return undefined;
      }),
      { code: "SAMSPEL_TOKEN_INVALID", metadata: { reason: "key" } },
      "it is withdrawn when the keys are fetched again",
    );
  },
);

t.test("made-up key ids do not make us knock at the issuer (Y3)", async (t) => {
  const issuer = await startIssuer(t);
  const verify = verifierOf(issuer.options);
  await verify(`Bearer ${await issuer.token()}`);
  const before = issuer.fetches();
  for (let number = 0; number < 20; number++) {
    const token = await issuer.token({ kid: `made-up-${number}` });
    await t.rejects(verify(`Bearer ${token}`), {
      code: "SAMSPEL_TOKEN_INVALID",
      metadata: { reason: "key" },
    });
  }
  t.equal(issuer.fetches(), before, "within the cool-down of the last fetch");
});

t.test("an issuer that is away at the start is asked when it is back (Y1, Y4, K4)", async (t) => {
  const issuer = await startIssuer(t);
  const { verify, advance, failures } = timed(issuer);
  const token = await issuer.token();
  t.equal(issuer.fetches(), 0, "nothing is fetched before a token comes");
  for (const answer of ["failure", "garbage"] as const) {
    issuer.answer = answer;
    const before = issuer.fetches();
    await t.rejects(verify(token), { code: "SAMSPEL_ISSUER_UNREACHABLE", retryable: true }, answer);
    await t.rejects(verify(token), { code: "SAMSPEL_ISSUER_UNREACHABLE" });
    t.equal(issuer.fetches(), before + 1, "it is left alone for a while");
    advance(60_000);
  }
  t.equal(failures.length, 2);
  issuer.answer = "keys";
  await verify(token);
});

t.test("an issuer that goes away takes no known key with it, for a day (Y2)", async (t) => {
  const issuer = await startIssuer(t);
  const { verify, advance } = timed(issuer);
  const token = await issuer.token({ expiresInS: 30 * 24 * 3_600 });
  await verify(token);
  issuer.answer = "failure";
  advance(23 * 3_600_000);
  await verify(token);
  await until("it is asked beside the call", () => issuer.fetches() > 1);
  await verify(token);
  advance(2 * 3_600_000);
  await t.rejects(verify(token), { code: "SAMSPEL_ISSUER_UNREACHABLE" });
  issuer.answer = "keys";
  advance(60_000);
  await verify(token);
});
