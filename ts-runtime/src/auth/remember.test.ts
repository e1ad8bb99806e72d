import t from "tap";
import { remembering } from "./remember.ts";
import type { SignedIn, VerifyToken } from "./verify-token.ts";

function setUp(options: { readonly expiresAt?: number; readonly mostKept?: number } = {}) {
  let nowMs = 0;
  const seen: string[] = [];
  const verify: VerifyToken = async (authorization, via) => {
    seen.push(`${authorization} ${via ?? "-"}`);
    if (authorization === "bad") throw new Error("bad");
    const user = {
      type: "user",
      subject: authorization,
      issuer: "",
      claims: {},
      roles: [],
      scopes: [],
    } as const;
    const { expiresAt = 1_000_000 } = options;
    return { expiresAt, user: via === undefined ? user : { ...user, via } } satisfies SignedIn;
  };
  const remembered = remembering(verify, { rememberMs: 60_000, mostKept: 2, nowMs: () => nowMs, ...options });
  return { remembered, seen, advance: (ms: number) => void (nowMs += ms) };
}

t.test("a token is verified once, and again after a while (M1)", async (t) => {
  const { remembered, seen, advance } = setUp();
  const first = await remembered("a");
  advance(59_999);
  t.equal(remembered("a"), first, "at once");
  advance(1);
  t.not(await remembered("a"), first);
  t.equal(seen.length, 2);
});

t.test("a token is not remembered beyond its end (M1)", async (t) => {
  const { remembered, advance } = setUp({ expiresAt: 10 });
  await remembered("a");
  advance(10);
  t.ok(remembered("a") instanceof Promise);
});

t.test("who calls for a user is not mixed up", async (t) => {
  const { remembered } = setUp();
  await remembered("a", "cart");
  const direct = await remembered("a");
  t.equal(direct.user.via, undefined);
  t.equal((await remembered("a", "cart")).user.via, "cart");
});

t.test("what is kept is bounded, and the refused is not kept (M2, M3)", async (t) => {
  const { remembered, seen } = setUp();
  await remembered("a");
  await remembered("b");
  await remembered("a");
  await remembered("c");
  t.notOk(remembered("a") instanceof Promise, "it was seen last but one");
  t.ok(remembered("b") instanceof Promise, "it is forgotten");
  await t.rejects(async () => remembered("bad"));
  await t.rejects(async () => remembered("bad"));
  t.equal(seen.filter((call) => call.startsWith("bad")).length, 2);
});
