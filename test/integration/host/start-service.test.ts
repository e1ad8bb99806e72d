// A service whole: entity, plain service, topic and subscription, started and stopped in this process.
import { Code, ConnectError, createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { createRegistry } from "@samspel/registry";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import {
  createClients,
  publish,
  serve,
  startService,
  subscribe,
  type RunningService,
  type ServiceOptions,
} from "@samspel/runtime";
import t, { type Test } from "tap";
import { CounterService, CounterTopics } from "../../gen/samspel/test/v1/counter_pb.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { PresenceService, PresenceTopics } from "../../gen/samspel/test/v1/presence_pb.ts";
import { defineCounter } from "../../support/counter.ts";
import { databaseUrl, natsUrl } from "../../support/environment.ts";
import { testSchema, testTopicPrefix } from "../../support/isolation.ts";
import { startPresence } from "../../support/presence-service.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { until } from "../../support/until.ts";

const registry = await startEmbeddedRegistry();
t.teardown(() => registry.close());

const counter = defineCounter();
const changed = publish(CounterTopics.method.changed, counter, {
  incremented: ({ amount }, { entityId, state }) => ({
    counterId: entityId,
    value: state.value,
    delta: amount,
  }),
});

/** The settings of a test's own; what is started with them is stopped at the end. */
function testOptions(t: Test): Omit<ServiceOptions, "name"> {
  return {
    databaseUrl: databaseUrl(),
    natsUrl: natsUrl(),
    registryUrl: registry.url,
    schema: testSchema(t),
    topicPrefix: testTopicPrefix(t),
    ownsProcess: false,
    logger: silentLogger,
  };
}

async function start(t: Test, options: ServiceOptions): Promise<RunningService> {
  const service = await startService(options);
  t.teardown(() => service.stop());
  return service;
}

function clientOf(service: RunningService): Client<typeof CounterService> {
  return createClient(
    CounterService,
    createGrpcTransport({ baseUrl: `http://${service.host}:${service.port}` }),
  );
}

async function instancesOf(name: string): Promise<number> {
  const response = await fetch(`${registry.url}/v1/health/service/${name}?passing`);
  return ((await response.json()) as unknown[]).length;
}

t.test(
  "startService() serves an entity, publishes its events, and hands them to a subscription",
  async (t) => {
    const options = testOptions(t);
    const seen: string[] = [];
    await start(t, { ...options, name: "counter", entities: [counter], topics: [changed] });
    await start(t, {
      ...options,
      name: "listener",
      subscriptions: [
        subscribe(CounterTopics.method.changed, {
          group: "listener",
          handler: ({ counterId, value, delta }) => void seen.push(`${counterId} ${value} ${delta}`),
        }),
      ],
    });
    await using source = createRegistry({ url: registry.url });
    await using clients = createClients({ registry: source });
    const client = clients.client(CounterService);
    await client.increment({ counterId: "a", amount: 2n });
    await client.increment({ counterId: "a", amount: 3n });
    await until("both changes have arrived", () => seen.length === 2);
    t.same(seen, ["a 2 2", "a 5 3"]);
  },
);

t.test("a plain service calls others through its context, within what is left of its deadline", async (t) => {
  const options = testOptions(t);
  const slow = defineCounter({ onIncrement: () => new Promise(() => {}) });
  await start(t, { ...options, name: "counter", entities: [slow] });
  const echo = await start(t, {
    ...options,
    name: "echo",
    services: [
      serve(EchoService, ({ client, clientsWithin }) => ({
        async echo({ text }) {
          const { value } = await client(CounterService).getCounter({ counterId: text });
          return { text: `${text} is ${value}` };
        },
        async echoOnce({ text }, context) {
          await clientsWithin(context).client(CounterService).increment({ counterId: text, amount: 1n });
          return {};
        },
        async *echoMany() {
          yield {};
        },
        echoJoined: async () => ({}),
        async *echoEach() {
          yield {};
        },
      })),
    ],
  });
  const client = createClient(
    EchoService,
    createGrpcTransport({ baseUrl: `http://${echo.host}:${echo.port}` }),
  );
  t.equal((await client.echo({ text: "b" })).text, "b is 0");
  const startedAt = performance.now();
  await t.rejects(client.echoOnce({ text: "b" }, { timeoutMs: 300 }), { code: Code.DeadlineExceeded });
  t.ok(performance.now() - startedAt < 5_000, "the inner call did not wait for its own default of 10 s");
});

t.test("stop() leaves the registry, and what was accepted is answered", async (t) => {
  const options = testOptions(t);
  const entered = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const slow = defineCounter({
    onIncrement() {
      entered.resolve();
      return release.promise;
    },
  });
  const service = await start(t, { ...options, name: "slow-counter", entities: [slow] });
  await until("the instance is passing", async () => (await instancesOf("slow-counter")) === 1);
  const client = clientOf(service);
  const reply = client.increment({ counterId: "a", amount: 1n });
  await entered.promise;
  const stopped = service.stop();
  await until("the instance has left the registry", async () => (await instancesOf("slow-counter")) === 0);
  release.resolve();
  t.equal((await reply).value, 1n);
  await stopped;
  await t.rejects(client.getCounter({ counterId: "a" }), ConnectError, "and nothing more is accepted");
});

t.test("state outlives the service", async (t) => {
  const options = testOptions(t);
  const first = await start(t, { ...options, name: "counter", entities: [counter] });
  await clientOf(first).increment({ counterId: "a", amount: 4n });
  await first.stop();
  const second = await start(t, { ...options, name: "counter", entities: [counter] });
  t.equal((await clientOf(second).getCounter({ counterId: "a" })).value, 4n);
});

t.test("an id that cannot be one is refused, with its field and value", async (t) => {
  const service = await start(t, { ...testOptions(t), name: "counter", entities: [counter] });
  const call = clientOf(service).increment({ counterId: "", amount: 1n });
  await t.rejects(call, {
    code: Code.InvalidArgument,
    rawMessage:
      'samspel.test.v1.IncrementRequest.counter_id must be 1 to 256 characters without NUL: current value is ""',
  });
});

t.test("startService() refuses parts that do not fit together", async (t) => {
  const options = testOptions(t);
  await t.rejects(startService({ ...options, name: "Counter" }), {
    code: "SAMSPEL_INVALID_CONFIGURATION",
    message: /^name must be .*current value is "Counter"/,
  });
  await t.rejects(startService({ ...options, name: "counter", entities: [counter, counter] }), {
    code: "SAMSPEL_INVALID_CONFIGURATION",
    message: /two entities called counter/,
  });
  for (const setting of ["maxLiveEntities", "passivateAfterMs", "commandRetentionMs"]) {
    await t.rejects(startService({ ...options, name: "counter", entities: [counter], [setting]: 0 }), {
      code: "SAMSPEL_INVALID_CONFIGURATION",
      message: `${setting} must be a positive integer: current value is "0"`,
    });
  }
});

t.test("maxLiveEntities bounds what is busy at once, and names itself", async (t) => {
  const entered = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const slow = defineCounter({
    onIncrement() {
      entered.resolve();
      return release.promise;
    },
  });
  const service = await start(t, {
    ...testOptions(t),
    name: "counter",
    entities: [slow],
    maxLiveEntities: 1,
  });
  const client = clientOf(service);
  const first = client.increment({ counterId: "a", amount: 1n });
  await entered.promise;
  await t.rejects(client.getCounter({ counterId: "b" }), {
    code: Code.ResourceExhausted,
    rawMessage: "All 1 live entities of counter are busy: the limit is maxLiveEntities",
  });
  release.resolve();
  t.equal((await first).value, 1n);
  t.equal((await client.getCounter({ counterId: "b" })).value, 0n, "there is room again");
});

t.test("startService() serves live topics, publishes to them and hands them to subscriptions", async (t) => {
  const options = testOptions(t);
  const heard: string[] = [];
  const service = await startPresence(options, (userId) => heard.push(userId));
  t.teardown(() => service.stop());
  const transport = createGrpcTransport({ baseUrl: `http://${service.host}:${service.port}` });
  const gone = new AbortController();
  const streamed: string[] = [];
  const streaming = (async () => {
    const replies = createClient(PresenceTopics, transport).presence({}, gone);
    for await (const { userId } of replies) streamed.push(userId);
  })();
  streaming.catch(() => {});
  await until("all have heard it", async () => {
    await createClient(PresenceService, transport).enter({ userId: "anna" });
    return heard.length > 0 && streamed.length > 0;
  });
  gone.abort();
  t.same([heard[0], streamed[0]], ["anna", "anna"]);
});

t.test("startService() refuses to publish to a live topic that it does not serve", async (t) => {
  await t.rejects(
    startService({
      ...testOptions(t),
      name: "hidden",
      services: [
        serve(PresenceService, ({ live }) => {
          live(PresenceTopics.method.presence);
          return { enter: () => ({}) };
        }),
      ],
    }),
    {
      message:
        /^Cannot publish to samspel\.test\.v1\.PresenceTopics\.Presence as service hidden does not declare it: give it to startService in liveTopics$/,
    },
  );
});
