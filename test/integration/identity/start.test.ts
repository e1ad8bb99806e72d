// What a start with an identity checks, and what a service without one does with rules.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createRegistry, openIdentity } from "@samspel/registry";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import t from "tap";
import { resolveServiceOptions } from "../../../ts-runtime/src/host/options.ts";
import { defineEntity, persist, startService } from "@samspel/runtime";
import { CounterEventSchema, CounterSchema, CounterService } from "../../gen/samspel/test/v1/counter_pb.ts";
import { createClients } from "../../../ts-runtime/src/client/index.ts";
import { verifyService } from "../../../devkit/src/join/verify/index.ts";
import { databaseUrl } from "../../support/environment.ts";
import { testSchema } from "../../support/isolation.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { startGuarded } from "../../support/guarded-service.ts";

t.test("SAMSPEL_IDENTITY must be a word that is known", async (t) => {
  t.throws(() => resolveServiceOptions({ name: "x" }, { SAMSPEL_IDENTITY: "consull" }), {
    code: "SAMSPEL_INVALID_CONFIGURATION",
    message: /SAMSPEL_IDENTITY must be one of none, consul, consul-permissive: current value is "consull"/,
  });
  t.equal(resolveServiceOptions({ name: "x" }, {}).identity, "none");
  t.equal(resolveServiceOptions({ name: "x" }, { SAMSPEL_IDENTITY: "consul" }).identity, "consul");
});

t.test("in production a rule of who may call needs an identity", async (t) => {
  const embedded = await startEmbeddedRegistry();
  t.teardown(() => embedded.close());
  const before = process.env["NODE_ENV"];
  process.env["NODE_ENV"] = "production";
  t.teardown(() => {
    if (before === undefined) delete process.env["NODE_ENV"];
    else process.env["NODE_ENV"] = before;
  });
  await t.rejects(startGuarded(t, { name: "guarded", registryUrl: embedded.url, identity: "none" }), {
    code: "SAMSPEL_INVALID_CONFIGURATION",
    message: /GuardedService\/ForFriend says who may call it .* set SAMSPEL_IDENTITY=consul/,
  });
});

t.test("a registry without connect gives no identity, and the start says what to turn on", async (t) => {
  const server = createServer((_, answer) => {
    answer.writeHead(500).end("Connect must be enabled in order to use this endpoint");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  await using registry = createRegistry({ url: `http://127.0.0.1:${port}`, connectTimeoutMs: 5_000 });
  await t.rejects(openIdentity({ registry, service: "guarded" }), {
    code: "SAMSPEL_REGISTRY_UNREACHABLE",
    message: /Connect must be enabled/,
  });
});

t.test("a command of an entity knows who calls", async (t) => {
  const embedded = await startEmbeddedRegistry();
  t.teardown(() => embedded.close());
  const callers: unknown[] = [];
  const counter = defineEntity(
    CounterService,
    { name: "counter", state: CounterSchema, event: CounterEventSchema },
    {
      commands: {
        increment(_, { amount }, { caller }) {
          callers.push(caller);
          return persist({ case: "incremented", value: { amount } }).reply(({ value }) => ({ value }));
        },
        reset: () => ({}),
        getCounter: ({ value }) => ({ value }),
      },
      events: {
        incremented: (state, { amount }) => ({ ...state, value: state.value + amount }),
        wasReset: (state) => ({ ...state, value: 0n }),
      },
    },
  );
  const service = await startService({
    name: "counter",
    identity: "consul",
    entities: [counter],
    databaseUrl: databaseUrl(),
    registryUrl: embedded.url,
    schema: testSchema(t),
    ownsProcess: false,
    logger: silentLogger,
  });
  t.teardown(() => service.stop());
  await using registry = createRegistry({ url: embedded.url });
  using identity = await openIdentity({ registry, service: "teller" });
  await using clients = createClients({ registry, identity: { identity, mode: "strict" } });
  await clients.client(CounterService).increment({ counterId: "a", amount: 1n });
  t.match(callers, [{ type: "service", service: "teller", spiffeId: identity.spiffeId }]);
});

t.test("a service with an identity keeps the joining contract", async (t) => {
  const embedded = await startEmbeddedRegistry();
  t.teardown(() => embedded.close());
  await startGuarded(t, { name: "guarded", registryUrl: embedded.url });
  const silent = { begin() {}, checking() {}, found() {} };
  const options = { name: "guarded", registryUrl: embedded.url, only: ["PORT", "REG", "HEALTH", "IDENT"] };
  const { findings, holds } = await verifyService(options, silent);
  t.ok(holds, JSON.stringify(findings.filter(({ outcome }) => outcome.type === "failed")));
  const identity = findings.filter(({ rule }) => rule.startsWith("IDENT"));
  t.ok(identity.length >= 4);
  t.same(
    identity.map(({ outcome }) => outcome.type),
    identity.map(() => "passed"),
  );
});
