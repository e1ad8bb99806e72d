// The harness on real infra: what it starts, what it keeps, and that nothing is left of it.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Code, ConnectError } from "@connectrpc/connect";
import { publish, serve, subscribe } from "@samspel/runtime";
import { startTestService, testEntity, type TestService } from "@samspel/runtime/testing";
import { connect } from "nats";
import postgres from "postgres";
import * as fc from "fast-check";
import t, { type Test } from "tap";
import { claimRun, runOf, sweep } from "../../../ts-runtime/src/testing/claim.ts";
import { CounterService, CounterTopics } from "../../gen/samspel/test/v1/counter_pb.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { defineCounter } from "../../support/counter.ts";
import { consulUrl, databaseUrl, natsUrl } from "../../support/environment.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { until } from "../../support/until.ts";

const counter = defineCounter();
const changed = publish(CounterTopics.method.changed, counter, {
  incremented: ({ amount }, { entityId, state }) => ({
    counterId: entityId,
    value: state.value,
    delta: amount,
  }),
});

const signalListeners = process.listenerCount("SIGTERM") + process.listenerCount("SIGINT");
const admin = postgres(databaseUrl(), { max: 1, onnotice: () => {} });
t.teardown(() => admin.end());

async function hasSchema(name: string): Promise<boolean> {
  const rows = await admin`select from pg_namespace where nspname = ${name}`;
  return rows.length > 0;
}

async function streamsOf(prefix: string): Promise<readonly string[]> {
  const connection = await connect({ servers: natsUrl() });
  const manager = await connection.jetstreamManager();
  const names: string[] = [];
  for await (const name of manager.streams.names()) if (name.startsWith(prefix)) names.push(name);
  await connection.close();
  return names;
}

async function start(t: Test, options: Parameters<typeof startTestService>[0]): Promise<TestService> {
  const service = await startTestService(options);
  t.teardown(() => service.close());
  return service;
}

t.test("services beside each other find each other, and share topics", async (t) => {
  const seen: string[] = [];
  await using counters = await startTestService({ name: "counter", entities: [counter], topics: [changed] });
  await using echo = await startTestService({
    name: "echo",
    beside: counters,
    services: [
      serve(EchoService, ({ client }) => ({
        async echo({ text }) {
          const { value } = await client(CounterService).increment({ counterId: text, amount: 2n });
          return { text: `${text} is ${value}` };
        },
        echoOnce: async () => ({}),
        async *echoMany() {},
        echoJoined: async () => ({}),
        async *echoEach() {},
      })),
    ],
    subscriptions: [
      subscribe(CounterTopics.method.changed, {
        group: "echo",
        handler: ({ counterId, value }) => void seen.push(`${counterId} ${value}`),
      }),
    ],
  });
  t.same(await echo.client(EchoService).echo({ text: "a" }), {
    $typeName: "samspel.test.v1.EchoResponse",
    text: "a is 2",
  });
  await echo.eventually("the change has arrived", () => seen.length > 0);
  t.same(seen, ["a 2"]);
  t.equal(echo.registryUrl, counters.registryUrl);
  t.equal(echo.topicPrefix, counters.topicPrefix);
  t.not(echo.schema, counters.schema);
  const [row] = await counters.sql<{ count: bigint }[]>`select count(*) as count from event`;
  t.equal(row?.count, 1n, "sql runs in the service's schema");
  t.throws(() => echo.client(CounterService), {
    name: "TypeError",
    message:
      "Test service echo does not serve samspel.test.v1.CounterService: it serves samspel.test.v1.EchoService",
  });
});

t.test("restart() keeps the data, and clients find the service again", async (t) => {
  const service = await start(t, { entities: [counter] });
  const client = service.client(CounterService);
  await client.increment({ counterId: "a", amount: 2n });
  await service.restart();
  t.equal((await client.increment({ counterId: "a", amount: 1n })).value, 3n);
  await service.stop();
  await service.stop();
  await t.rejects(client.getCounter({ counterId: "a" }), /Cannot call the test service as it is stopped/);
  t.ok(await hasSchema(service.schema), "a stop keeps the data");
  await service.restart();
  t.equal((await client.getCounter({ counterId: "a" })).value, 3n);
  t.match(service.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  t.equal(process.listenerCount("SIGTERM") + process.listenerCount("SIGINT"), signalListeners);
  await service.close();
  await t.rejects(service.restart(), {
    name: "TypeError",
    message: "Cannot restart test service test as it is closed",
  });
});

t.test("a registry that is given is joined, and left", async (t) => {
  const name = `counter-${randomUUID().slice(0, 8)}`;
  const instances = async (): Promise<number> =>
    ((await (await fetch(`${consulUrl()}/v1/catalog/service/${name}`)).json()) as unknown[]).length;
  const service = await start(t, { name, entities: [counter], registryUrl: consulUrl() });
  t.equal(service.registryUrl, consulUrl());
  await until("it is in the catalog", async () => (await instances()) === 1, 30_000);
  await service.close();
  await until("it has left the catalog", async () => (await instances()) === 0, 30_000);
});

t.test("a stream that a test stops to read does not hold up the end of its service", async (t) => {
  const ended = Promise.withResolvers<void>();
  const service = await start(t, {
    services: [
      serve(EchoService, {
        echo: async () => ({}),
        echoOnce: async () => ({}),
        async *echoMany({ text }, { signal }) {
          signal.addEventListener("abort", () => ended.resolve());
          yield { text };
          await new Promise(() => {});
        },
        echoJoined: async () => ({}),
        async *echoEach() {},
      }),
    ],
  });
  for await (const { text } of service.client(EchoService).echoMany({ text: "a" })) {
    t.equal(text, "a");
    break;
  }
  await ended.promise;
  await service.close();
});

t.test("nothing is left, also after a test that fails", async (t) => {
  let schema = "";
  let prefix = "";
  const failing = async (): Promise<void> => {
    await using service = await startTestService({
      entities: [counter],
      topics: [changed],
      subscriptions: [subscribe(CounterTopics.method.changed, { group: "g", handler: () => {} })],
    });
    ({ schema, topicPrefix: prefix } = service);
    t.ok(await hasSchema(schema));
    t.equal((await streamsOf(prefix)).length, 1);
    throw new Error("the test fails");
  };
  await t.rejects(failing(), { message: "the test fails" });
  t.notOk(await hasSchema(schema));
  t.same(await streamsOf(prefix), []);
});

t.test(
  "of services beside each other, the last one to leave takes the streams, whichever it is",
  async (t) => {
    const first = await start(t, { name: "first", entities: [counter], topics: [changed] });
    const second = await start(t, { name: "second", beside: first, entities: [counter] });
    await first.close();
    t.notOk(await hasSchema(first.schema));
    t.ok(await hasSchema(second.schema));
    t.equal((await streamsOf(first.topicPrefix)).length, 1);
    t.equal((await second.client(CounterService).increment({ counterId: "a", amount: 1n })).value, 1n);
    await second.close();
    await t.rejects(startTestService({ beside: first, entities: [counter] }), {
      name: "TypeError",
      message: "Cannot start a test service beside one that is closed",
    });
    t.notOk(await hasSchema(second.schema));
    t.same(await streamsOf(first.topicPrefix), []);
  },
);

t.test("all is removed, also where every connection was cut in between", async (t) => {
  const service = await start(t, { entities: [counter], topics: [changed] });
  const { schema, topicPrefix } = service;
  const cut = await admin`
    select pg_terminate_backend(pid) from pg_stat_activity
    where application_name in (${`samspel ${schema}`}, ${`samspel test of ${schema}`})
      or pid in (select l.pid from pg_locks l where l.locktype = 'advisory' and l.objsubid = 1
        and ((l.classid::bigint << 32) | l.objid::bigint) = hashtextextended(${runOf(schema) ?? ""}, 0))`;
  t.ok(cut.length > 1);
  t.equal((await service.client(CounterService).increment({ counterId: "a", amount: 1n })).value, 1n);
  await service.close();
  t.notOk(await hasSchema(schema));
  t.same(await streamsOf(topicPrefix), []);
});

t.test("what cannot be removed is named", async (t) => {
  const service = await startTestService({ name: "leaky", entities: [counter] });
  const { schema } = service;
  const held = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const holding = admin.begin(async (tx) => {
    await tx`lock table ${tx(schema)}.event in access share mode`;
    held.resolve();
    await release.promise;
  });
  await held.promise;
  await t.rejects(service.close(), {
    name: "AggregateError",
    message: new RegExp(`^Test service leaky leaves behind: schema ${schema} \\(.*lock timeout`),
  });
  release.resolve();
  await holding;
  await admin`drop schema ${admin(schema)} cascade`;
});

t.test("a start that fails leaves nothing", async (t) => {
  let schema = "";
  const starting = startTestService({
    entities: [counter],
    services: [
      serve(EchoService, ({ sql }) => {
        schema = String(sql.options.connection["search_path"]).trim().replaceAll('"', "");
        throw new Error("no service after all");
      }),
    ],
  });
  await t.rejects(starting, { message: "no service after all" });
  t.match(schema, /^samspel_test_\d{14}_[0-9a-f]{8}_1$/);
  t.notOk(await hasSchema(schema));
  const elsewhere = startTestService({ entities: [counter], databaseUrl: "postgres://127.0.0.1:1/none" });
  await t.rejects(elsewhere, { code: "SAMSPEL_DATABASE_UNREACHABLE" });
  const nowhere = startTestService({ topics: [changed], entities: [counter], natsUrl: "nats://127.0.0.1:1" });
  await t.rejects(nowhere, { code: "SAMSPEL_BROKER_UNREACHABLE" });
});

t.test(
  "the run of a killed process is removed by a later one; that of a living process is not",
  async (t) => {
    const alive = await start(t, { entities: [counter] });
    const doomed = spawn(
      process.execPath,
      ["--conditions=samspel-source", fileURLToPath(new URL("doomed-service.ts", import.meta.url))],
      { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, NODE_OPTIONS: "" } },
    );
    const [line] = (await once(createInterface(doomed.stdout), "line")) as [string];
    const { schema, topicPrefix } = JSON.parse(line) as { schema: string; topicPrefix: string };
    doomed.kill("SIGKILL");
    await once(doomed, "exit");
    t.ok(await hasSchema(schema));
    t.equal((await streamsOf(topicPrefix)).length, 1);

    const claim = await claimRun(databaseUrl(), silentLogger);
    t.teardown(() => claim.release());
    const removed: string[] = [];
    const remove = { runs: [], run: async (id: string) => void removed.push(id) };
    t.notOk((await sweep(claim, remove)).includes(runOf(schema) ?? ""), "it is too young as yet");
    await until(
      "Postgres has noticed that the process is dead, and its run is removed",
      async () => (await sweep(claim, remove, 0)).includes(runOf(schema) ?? ""),
      20_000,
    );
    t.notOk(await hasSchema(schema));
    t.ok(removed.includes(runOf(topicPrefix) ?? ""), "its streams are told by the same name");
    t.ok(await hasSchema(alive.schema));
    t.equal((await alive.client(CounterService).increment({ counterId: "a", amount: 1n })).value, 1n);
    const connection = await connect({ servers: natsUrl() });
    const manager = await connection.jetstreamManager();
    for (const name of await streamsOf(topicPrefix)) await manager.streams.delete(name);
    await connection.close();
  },
);

t.test("a handler's rejection reaches the client as it does in production", async (t) => {
  await using service = await startTestService({ entities: [counter] });
  await t.rejects(service.client(CounterService).increment({ counterId: "a", amount: -1n }), {
    code: Code.FailedPrecondition,
    rawMessage: "counter would be -1",
  });
});

t.test("testEntity() says of any commands what the service does", async (t) => {
  await using service = await startTestService({ entities: [counter] });
  const client = service.client(CounterService);
  const command = fc.oneof(
    fc.record({ name: fc.constant("increment" as const), amount: fc.bigInt({ min: -5n, max: 9n }) }),
    fc.record({ name: fc.constantFrom("reset" as const, "getCounter" as const), amount: fc.constant(0n) }),
  );
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 8 }), async (commands) => {
      const counterId = `run-${runs++}`;
      const story = testEntity(counter, { entityId: counterId }).given();
      for (const { name, amount } of commands) {
        const outcome = await (name === "increment" ? story.when(name, { amount }) : story.when(name, {}));
        const answer = await (
          name === "increment" ? client.increment({ counterId, amount }) : client[name]({ counterId })
        ).catch((error: unknown) => ConnectError.from(error));
        if (outcome.type === "accepted") t.same(outcome.reply, answer);
        else t.match(answer, { code: outcome.code, rawMessage: outcome.message });
      }
      const [row] = await service.sql<{ revision: bigint }[]>`
        select coalesce(max(revision), 0) as revision from event where entity_id = ${counterId}`;
      t.equal(row?.revision, story.revision);
    }),
    { numRuns: 25 },
  );
});
