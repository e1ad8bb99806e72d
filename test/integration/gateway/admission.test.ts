// Who may call: tokens, rates, origins and sizes, for each protocol.
import { createServer } from "node:http";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from "jose";
import t, { type Test } from "tap";
import { LibraryService } from "../../gen/samspel/test/v1/library_pb.ts";
import { startLibrary, type Library } from "../../support/library.ts";
import { recordingLogger } from "../../support/recording-logger.ts";
import { until } from "../../support/until.ts";

const keys = await generateKeyPair("RS256");
const strangers = await generateKeyPair("RS256");

interface TokenOptions {
  readonly issuer?: string;
  readonly expires?: string;
  readonly by?: typeof keys.privateKey;
  readonly subject?: string;
}

function tokenOf({
  issuer = "https://id.test",
  expires = "1h",
  by = keys.privateKey,
  subject = "ann",
}: TokenOptions = {}): Promise<string> {
  return new SignJWT({ scope: "read", secret: "not for services" })
    .setProtectedHeader({ alg: "RS256", kid: "one" })
    .setIssuer(issuer)
    .setAudience("shop")
    .setSubject(subject)
    .setExpirationTime(expires)
    .sign(by);
}

/** A JWKS endpoint of this test's own. */
async function startIssuer(t: Test): Promise<string> {
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: "one", alg: "RS256" };
  const server = createServer((_, response) => void response.end(JSON.stringify({ keys: [jwk] })));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}/keys.json`;
}

async function guarded(t: Test): Promise<Library> {
  const jwksUrl = await startIssuer(t);
  const anonymous = ["samspel.test.v1.LibraryService/GetShelf"];
  return startLibrary(t, {
    gateway: { jwt: { jwksUrl, issuer: "https://id.test", audience: "shop", anonymous } },
  });
}

t.test("a call needs a token, in every protocol, and the service hears whose it is", async (t) => {
  const library = await guarded(t);
  const baseUrl = library.gateway.url;
  const clients = {
    gRPC: createClient(LibraryService, createGrpcTransport({ baseUrl })),
    Connect: createClient(LibraryService, createConnectTransport({ baseUrl, httpVersion: "1.1" })),
  };
  const authorization = `Bearer ${await tokenOf()}`;
  for (const [name, client] of Object.entries(clients)) {
    await t.rejects(client.countBooks({}), { code: Code.Unauthenticated }, name);
    const { headers } = await client.countBooks({}, { headers: { authorization } });
    t.equal(headers["samspel-principal"], "ann");
    const claims: unknown = JSON.parse(
      Buffer.from(headers["samspel-principal-claims"] ?? "", "base64url").toString(),
    );
    t.same(claims, { iss: "https://id.test", aud: "shop", scope: "read" }, "only the claims that are set");
    t.equal(headers["authorization"], authorization, "services verify it themselves");
    t.match(await client.getShelf({ shelfId: "a" }), { books: 3 }, "one method may be called without");
  }
  const rest = await fetch(library.at("/v1/search"));
  t.same([rest.status, rest.headers.get("www-authenticate")], [401, "Bearer"]);
  t.equal((await fetch(library.at("/v1/search"), { headers: { authorization } })).status, 200);
  const file = await fetch(library.at("/v1/shelves/a/books"), { method: "POST", body: "{" });
  t.equal(file.status, 401, "before its body is looked at");
});

t.test("a token that is no good is refused, whoever may be anonymous, and not in a log", async (t) => {
  const library = await guarded(t);
  const client = createClient(LibraryService, createGrpcTransport({ baseUrl: library.gateway.url }));
  const bad = {
    "of another issuer": await tokenOf({ issuer: "https://evil.test" }),
    over: await tokenOf({ expires: "-1h" }),
    "signed by a stranger": await tokenOf({ by: strangers.privateKey }),
    "no token": "abc",
    unsigned: `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from('{"sub":"ann","exp":9999999999}').toString("base64url")}.`,
  };
  for (const [name, token] of Object.entries(bad)) {
    const headers = { authorization: `Bearer ${token}` };
    await t.rejects(client.getShelf({}, { headers }), { code: Code.Unauthenticated }, name);
  }
  await t.rejects(client.getShelf({}, { headers: { authorization: "Basic YTpi" } }), {
    code: Code.Unauthenticated,
  });
});

t.test("a token ends at the gateway where that is said", async (t) => {
  const jwksUrl = await startIssuer(t);
  const library = await startLibrary(t, { gateway: { jwt: { jwksUrl, forward: false } } });
  const client = createClient(LibraryService, createGrpcTransport({ baseUrl: library.gateway.url }));
  const authorization = `Bearer ${await tokenOf()}`;
  const { headers } = await client.countBooks({}, { headers: { authorization } });
  t.notOk("authorization" in headers);
  t.equal(headers["samspel-principal"], "ann");
});

t.test("keys come from a file as well", async (t) => {
  const keyFile = join(t.testdir({}), "key.pem");
  await writeFile(keyFile, await exportSPKI(keys.publicKey));
  const library = await startLibrary(t, { gateway: { jwt: { keyFile } } });
  const authorization = `Bearer ${await tokenOf()}`;
  t.equal((await fetch(library.at("/v1/search"), { headers: { authorization } })).status, 200);
  t.equal((await fetch(library.at("/v1/search"))).status, 401);
});

t.test("rates are of a principal, else of an address, and say when to come again", async (t) => {
  const jwksUrl = await startIssuer(t);
  const library = await startLibrary(t, {
    gateway: {
      jwt: { jwksUrl, anonymous: ["*"] },
      rateLimits: [{ methods: "samspel.test.v1.LibraryService/Search", perSecond: 0.01, burst: 2 }],
    },
  });
  const search = async (subject?: string): Promise<Response> =>
    fetch(library.at("/v1/search"), {
      headers: subject === undefined ? {} : { authorization: `Bearer ${await tokenOf({ subject })}` },
    });
  t.same([(await search()).status, (await search()).status], [200, 200]);
  const refused = await search();
  t.equal(refused.status, 429);
  t.ok(Number(refused.headers.get("retry-after")) > 0);
  t.match(await refused.json(), { code: 8, details: [{ code: "SAMSPEL_OVERLOADED", retryable: true }] });
  t.equal((await search("ann")).status, 200, "who has a name has a bucket");
  t.equal((await fetch(library.at("/v1/shelves/a"))).status, 200, "other methods are not limited");
});

t.test("pages of the origins that are named may call, others not", async (t) => {
  const { at } = await startLibrary(t, {
    gateway: { cors: { origins: ["https://shop.test"], credentials: true } },
  });
  const preflight = async (origin: string): Promise<Headers> => {
    const headers = {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type",
    };
    const response = await fetch(at("/v1/shelves/a/books"), { method: "OPTIONS", headers });
    t.equal(response.status, 204);
    return response.headers;
  };
  const allowed = await preflight("https://shop.test");
  t.equal(allowed.get("access-control-allow-origin"), "https://shop.test");
  t.equal(allowed.get("access-control-allow-credentials"), "true");
  t.match(allowed.get("access-control-allow-headers"), /content-type.*connect-protocol-version/);
  t.equal((await preflight("https://evil.test")).get("access-control-allow-origin"), null);
  const { headers } = await fetch(at("/v1/shelves/a"), { headers: { origin: "https://shop.test" } });
  t.match(headers.get("access-control-expose-headers"), /grpc-status/);
  t.equal(headers.get("vary"), "origin");
});

t.test("a body that is too large is refused, announced or not", async (t) => {
  const { at } = await startLibrary(t, { gateway: { maxMessageBytes: 1_000 } });
  const post = (body: RequestInit): Promise<Response> =>
    fetch(at("/v1/files/a"), { method: "PUT", ...body, headers: { "content-type": "text/plain" } });
  t.equal((await post({ body: "x".repeat(900) })).status, 200);
  t.equal((await post({ body: "x".repeat(2_000) })).status, 413);
  const stream = new ReadableStream({
    start(controller) {
      for (let i = 0; i < 4; i++) controller.enqueue(new TextEncoder().encode("x".repeat(500)));
      controller.close();
    },
  });
  const unannounced: RequestInit & { duplex: "half" } = { body: stream, duplex: "half" };
  t.equal((await post(unannounced)).status, 413);
});

t.test("forwarded addresses count only where proxies are trusted", async (t) => {
  const headers = { "x-forwarded-for": "9.9.9.9, 10.0.0.1", "x-request-id": "mine-1" };
  const seen = async (trustedProxies: number): Promise<unknown> => {
    const library = await startLibrary(t, { gateway: { trustedProxies } });
    await fetch(library.at("/v1/shelves/a"), { headers });
    const header = library.contexts.at(-1)?.requestHeader;
    return [header?.get("x-forwarded-for"), header?.get("x-request-id")];
  };
  t.same(await seen(0), ["127.0.0.1", "mine-1"]);
  t.same(await seen(1), ["10.0.0.1", "mine-1"]);
  t.same(await seen(2), ["9.9.9.9", "mine-1"]);
});

t.test("each request is a line in the log and a number, without its query", async (t) => {
  const { logger, lines } = recordingLogger();
  const { at, gateway } = await startLibrary(t, { gateway: { logger, adminPort: 0 } });
  await fetch(at("/v1/shelves/none?theme=secret"));
  const line = await until("it is logged", () => lines.find(({ message }) => message === "request"));
  t.match(line, {
    protocol: "rest",
    method: "samspel.test.v1.LibraryService/GetShelf",
    path: "/v1/shelves/none",
    status: 404,
    code: "not_found",
  });
  t.notMatch(JSON.stringify(line), /secret/);
  const admin = `http://127.0.0.1:${gateway.adminPort}`;
  const metrics = await (await fetch(`${admin}/metrics`)).text();
  t.match(
    metrics,
    'samspel_gateway_requests_total{protocol="rest",method="samspel.test.v1.LibraryService/GetShelf",code="not_found"} 1',
  );
  t.equal((await fetch(`${admin}/readyz`)).status, 200);
  t.equal((await fetch(at("/metrics"))).status, 404, "not for the outside");
});
