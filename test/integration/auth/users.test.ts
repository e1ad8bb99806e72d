// Users by their tokens: in each protocol, in handlers, streams and entities, and in calls that handlers make.
import {
  Code,
  ConnectError,
  createClient,
  type Client,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { createClients, errorDetail, principalOf, requireUser, type Principal } from "@samspel/runtime";
import { createRegistry, openIdentity } from "@samspel/registry";
import { createTestIssuer } from "@samspel/runtime/testing";
import t from "tap";
import * as v from "valibot";
import { startGateway } from "samspel/gateway";
import { DoorService, PorterService } from "../../gen/samspel/test/v1/door_pb.ts";
import { door, porter, startDoors } from "../../support/door.ts";
import { silentLogger } from "../../support/silent-logger.ts";

const issuer = await createTestIssuer();
const auth = { issuers: [issuer.options] };

const noop: Interceptor = (next) => (request) => next(request);

/** Connect's client of each protocol. */
function transports(port: number): Readonly<Record<string, Transport>> {
  const baseUrl = `http://127.0.0.1:${port}`;
  return {
    gRPC: createGrpcTransport({ baseUrl }),
    "gRPC-Web": createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
    Connect: createConnectTransport({ baseUrl, httpVersion: "2" }),
  };
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "ok";
  } catch (error) {
    return errorDetail(error)?.code ?? Code[ConnectError.from(error).code];
  }
}

async function answersOf(client: Client<typeof DoorService>): Promise<Readonly<Record<string, string>>> {
  const keeper = await issuer.authorization({ claims: { roles: ["keeper"], scope: "doors" } });
  const owner = await issuer.authorization({ claims: { roles: ["owner"] } });
  const user = await issuer.authorization();
  const over = await issuer.authorization({ expiresInMs: -60_000 });
  return {
    "anybody knocks": await codeOf(client.knock({})),
    "a user knocks": await codeOf(client.knock({}, { headers: user })),
    "a bad token knocks": await codeOf(client.knock({}, { headers: over })),
    "nobody visits": await codeOf(client.visit({})),
    "a user visits": await codeOf(client.visit({}, { headers: user })),
    "a token for others visits": await codeOf(
      client.visit({}, { headers: await issuer.authorization({ audience: "others" }) }),
    ),
    "a user locks": await codeOf(client.lock({}, { headers: user })),
    "an owner without the scope locks": await codeOf(client.lock({}, { headers: owner })),
    "a keeper locks": await codeOf(client.lock({}, { headers: keeper })),
    "nobody watches": await codeOf(client.watch({})[Symbol.asyncIterator]().next()),
    "a user watches": await codeOf(first(client, user)),
  };
}

async function first(client: Client<typeof DoorService>, headers: HeadersInit): Promise<string> {
  const left = new AbortController();
  try {
    const { value } = await client.watch({}, { headers, signal: left.signal })[Symbol.asyncIterator]().next();
    return value?.visitor?.name ?? "";
  } finally {
    left.abort();
  }
}

const expected = {
  "anybody knocks": "ok",
  "a user knocks": "ok",
  "a bad token knocks": "SAMSPEL_TOKEN_EXPIRED",
  "nobody visits": "SAMSPEL_UNAUTHENTICATED",
  "a user visits": "ok",
  "a token for others visits": "SAMSPEL_TOKEN_INVALID",
  "a user locks": "SAMSPEL_CALLER_DENIED",
  "an owner without the scope locks": "SAMSPEL_CALLER_DENIED",
  "a keeper locks": "ok",
  "nobody watches": "SAMSPEL_UNAUTHENTICATED",
  "a user watches": "ok",
};

t.test("one rule holds in every protocol, with interceptors and without", async (t) => {
  for (const interceptors of [[], [noop]]) {
    const { service, lines } = await startDoors(t, { auth, interceptors });
    for (const [name, transport] of Object.entries(transports(service.port))) {
      t.same(
        await answersOf(createClient(DoorService, transport)),
        expected,
        `${name}, ${interceptors.length}`,
      );
    }
    t.ok(lines.length > 0);
    t.notMatch(JSON.stringify(lines), /eyJ[\w-]+\.eyJ/, "no token is in the log (K3)");
  }
});

t.test(
  "through the gateway, by gRPC and REST: the service verifies, whatever the gateway does",
  async (t) => {
    const { registryUrl } = await startDoors(t, { auth });
    const gateway = await startGateway({ registryUrl, logger: silentLogger, drainMs: 1_000 });
    t.teardown(() => gateway.close());
    await gateway.ready;
    const client = createClient(DoorService, createGrpcTransport({ baseUrl: gateway.url }));
    t.same(await answersOf(client), expected);
    const rest = async (path: string, headers: HeadersInit = {}): Promise<number> =>
      (await fetch(`${gateway.url}${path}`, { headers })).status;
    const user = await issuer.authorization();
    t.same(
      [await rest("/v1/knocker"), await rest("/v1/door"), await rest("/v1/door", user)],
      [200, 401, 200],
    );
    t.equal(await rest("/v1/knocker", { authorization: "Bearer a.b.c" }), 401);
  },
);

t.test("a handler knows the user, and gets claims as its schema has them", async (t) => {
  const { service } = await startDoors(t, { auth });
  const [transport] = Object.values(transports(service.port));
  if (transport === undefined) throw new Error("no transport");
  const client = createClient(DoorService, transport);
  t.match(await client.knock({}), { visitor: { type: "anonymous" } });
  const headers = await issuer.authorization({ claims: { mail: "ann@test" } });
  t.match(await client.visit({}, { headers }), { visitor: { type: "user", name: "ann", mail: "ann@test" } });

  const ann: Principal = {
    type: "user",
    subject: "ann",
    issuer: "",
    claims: { mail: "ann@test", age: "old" },
    roles: [],
    scopes: [],
  };
  const typed = requireUser({ principal: ann }, v.object({ mail: v.string() }));
  t.equal(typed.claims.mail.toUpperCase(), "ANN@TEST");
  t.throws(() => requireUser({ principal: ann }, v.object({ age: v.number(), mail: v.number() })), {
    code: "SAMSPEL_UNAUTHENTICATED",
    message: /not those that this call needs: age, mail/,
  });
  for (const principal of [{ type: "anonymous" }, { type: "service", name: "a", spiffeId: "" }] as const) {
    t.throws(() => requireUser({ principal }), { code: "SAMSPEL_UNAUTHENTICATED" });
    t.equal(principalOf({ principal }), principal);
  }
});

t.test("a stream ends with its user's token, and others go on", async (t) => {
  const { service } = await startDoors(t, {
    auth: { issuers: [{ ...issuer.options, clockToleranceMs: 0 }] },
  });
  const follow = async (name: string, transport: Transport): Promise<void> => {
    const client = createClient(DoorService, transport);
    const left = new AbortController();
    const good = { headers: await issuer.authorization(), signal: left.signal };
    const long = client.watch({}, good)[Symbol.asyncIterator]();
    t.match((await long.next()).value, { visitor: { name: "ann" } });
    const headers = await issuer.authorization({ subject: "bob", expiresInMs: 4_000 });
    // So that one that goes on is a failure, and no end of it.
    const signal = AbortSignal.timeout(30_000);
    let seen = 0;
    const code = await codeOf(
      (async () => {
        for await (const { visitor } of client.watch({}, { headers, signal })) {
          if (seen++ === 0) t.equal(visitor?.name, "bob");
        }
      })(),
    );
    t.equal(code, "SAMSPEL_TOKEN_EXPIRED", name);
    t.ok(seen > 0, name);
    t.notOk((await long.next()).done, name);
    left.abort();
  };
  // Beside each other, as each takes as long as a token is good.
  await Promise.all(
    Object.entries(transports(service.port)).map(([name, transport]) => follow(name, transport)),
  );
});

t.test("a call within a call brings its user only where the code says so", async (t) => {
  const { registryUrl } = await startDoors(t, { auth });
  const porters = await startDoors(t, { name: "porters", services: [porter], registryUrl });
  const [transport] = Object.values(transports(porters.service.port));
  if (transport === undefined) throw new Error("no transport");
  const client = createClient(PorterService, transport);
  const headers = await issuer.authorization();
  t.match(await client.lead({ asUser: true }, { headers }), { visitor: { type: "user", name: "ann" } });
  t.equal(await codeOf(client.lead({}, { headers })), "SAMSPEL_UNAUTHENTICATED");
  t.equal(await codeOf(client.lead({ asUser: true })), "SAMSPEL_UNAUTHENTICATED");
  await using registry = createRegistry({ url: registryUrl });
  await using clients = createClients({ registry });
  t.throws(() => clients.client(DoorService, { forwardUser: true }), /outside of a call/);
});

t.test("services and users meet in one rule, and a user's service is known", async (t) => {
  const { registryUrl } = await startDoors(t, { auth, identity: "consul", services: [door] });
  await using registry = createRegistry({ url: registryUrl });
  const as = async (service: string): Promise<Client<typeof DoorService>> => {
    const identity = await openIdentity({ registry, service });
    t.teardown(() => identity[Symbol.dispose]());
    const clients = createClients({ registry, identity: { identity, mode: "strict" } });
    t.teardown(() => clients.close());
    return clients.client(DoorService);
  };
  const cleaner = await as("cleaner");
  const other = await as("other");
  const user = await issuer.authorization();
  const owner = await issuer.authorization({ claims: { roles: ["owner"] } });
  t.match(await cleaner.knock({}), { visitor: { type: "service", name: "cleaner" } });
  t.match(await other.visit({}, { headers: user }), { visitor: { type: "user", name: "ann", via: "other" } });
  t.equal(await codeOf(other.visit({})), "SAMSPEL_UNAUTHENTICATED", "a service is no user");
  t.equal(await codeOf(cleaner.clean({})), "ok");
  t.equal(await codeOf(cleaner.clean({}, { headers: user })), "ok", "whoever it calls for");
  t.equal(await codeOf(other.clean({})), "SAMSPEL_UNAUTHENTICATED");
  t.equal(await codeOf(other.clean({}, { headers: user })), "SAMSPEL_CALLER_DENIED");
  t.equal(await codeOf(other.clean({}, { headers: owner })), "ok");
});
