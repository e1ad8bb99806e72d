// What it costs to know a user, within the process that serves: a token that is seen for the first time, by its algorithm
// and as jose alone does it; one that is remembered; and the question whether the principal may.
//   npm run bench -- --long auth
import { parseArgs } from "node:util";
import { exportJWK, generateKeyPair, jwtVerify, SignJWT } from "jose";
import { DoorService } from "../test/gen/samspel/test/v1/door_pb.ts";
import {
  createCallRules,
  createTokenVerifier,
  remembering,
  resolveAuth,
} from "../ts-runtime/src/auth/index.ts";
import { median } from "./median.ts";

const { values } = parseArgs({
  options: {
    // The same for all benches; this one needs none.
    url: { type: "string" },
    rounds: { type: "string", default: "5" },
    calls: { type: "string", default: "5000" },
  },
});
const rounds = Number(values.rounds);
const calls = Number(values.calls);
const inFlight = 64;

/** Microseconds a call, with some in flight: signatures are verified off the event loop. */
async function each(call: () => unknown): Promise<number> {
  const startedAt = performance.now();
  for (let number = 0; number < calls; number += inFlight) {
    await Promise.all(Array.from({ length: inFlight }, () => call()));
  }
  return ((performance.now() - startedAt) * 1_000) / calls;
}

async function main(): Promise<void> {
  console.log("algorithm   jose µs   ours µs   remembered µs");
  for (const alg of ["RS256", "ES256", "EdDSA"]) {
    const { publicKey, privateKey } = await generateKeyPair(alg);
    const rules = { issuer: "https://id.test", audience: "doors" };
    const token = await new SignJWT({ roles: ["keeper"], scope: "doors windows", mail: "ann@test" })
      .setProtectedHeader({ alg, kid: "one" })
      .setIssuer(rules.issuer)
      .setAudience(rules.audience)
      .setSubject("ann")
      .setExpirationTime("1h")
      .sign(privateKey);
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: "one", alg }] };
    const verify = createTokenVerifier(resolveAuth({ issuers: [{ ...rules, jwks }] }, {}));
    const remembered = remembering(verify);
    const contenders = [
      () => jwtVerify(token, publicKey, rules),
      () => verify(`Bearer ${token}`),
      () => remembered(`Bearer ${token}`),
    ];
    const times = contenders.map((): number[] => []);
    for (let round = 0; round <= rounds; round++) {
      for (const [index, contender] of contenders.entries()) times[index]?.push(await each(contender));
    }
    // The first round only warms up.
    const figures = times.map((all) => median(all.slice(1)).toFixed(1));
    console.log(alg.padEnd(9) + figures.map((figure) => figure.padStart(10)).join(""));
  }
  const rules = createCallRules({
    service: "doors",
    default: "deny",
    knowsServices: true,
    knowsUsers: true,
  });
  const principal = {
    type: "user",
    subject: "ann",
    issuer: "https://id.test",
    claims: {},
    roles: ["keeper"],
    scopes: ["doors"],
  } as const;
  const checks = 1_000_000;
  const startedAt = performance.now();
  for (let number = 0; number < checks; number++) rules.check(DoorService.method.lock, principal);
  const nanos = ((performance.now() - startedAt) * 1e6) / checks;
  console.log(`whether a user with roles and scopes may: ${nanos.toFixed(0)} ns a call`);
}

await main();
