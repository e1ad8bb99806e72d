// A stop ends, whatever the service waits for (A2).
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import { project, publish, startService, subscribe } from "@samspel/runtime";
import t from "tap";
import { CounterService, CounterTopics } from "../../gen/samspel/test/v1/counter_pb.ts";
import { defineCounter } from "../../support/counter.ts";
import { databaseUrl, natsUrl } from "../../support/environment.ts";
import { testSchema, testTopicPrefix } from "../../support/isolation.ts";
import { silentLogger as logger } from "../../support/silent-logger.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/until.ts";

t.test("stop() ends while Postgres and NATS are frozen and the registry is away", async (t) => {
  const registry = await startEmbeddedRegistry();
  t.teardown(() => registry.close());
  const database = await startTcpProxy(t, databaseUrl());
  const nats = await startTcpProxy(t, natsUrl());
  const consul = await startTcpProxy(t, registry.url);
  const counter = defineCounter();
  const { changed } = CounterTopics.method;
  let projected = 0;
  let heard = 0;
  const service = await startService({
    name: "counter",
    entities: [counter],
    topics: [
      publish(changed, counter, {
        incremented: ({ amount: delta }, { entityId, state }) => ({
          counterId: entityId,
          value: state.value,
          delta,
        }),
      }),
    ],
    projections: [project("count", counter, { events: { incremented: () => void projected++ } })],
    subscriptions: [subscribe(changed, { group: "listener", handler: () => void heard++ })],
    databaseUrl: database.url,
    natsUrl: nats.url,
    registryUrl: consul.url,
    schema: testSchema(t),
    topicPrefix: testTopicPrefix(t),
    drainMs: 500,
    ownsProcess: false,
    logger,
  });
  const client = createClient(
    CounterService,
    createGrpcTransport({ baseUrl: `http://${service.host}:${service.port}` }),
  );
  await client.increment({ counterId: "a", amount: 1n });
  await until("all parts are at work", () => projected > 0 && heard > 0);

  database.freeze();
  nats.freeze();
  await consul.cut();
  const unanswered = client.increment({ counterId: "a", amount: 1n }, { timeoutMs: 60_000 });
  const startedAt = performance.now();
  const stopped = service.stop();
  await t.rejects(unanswered);
  await stopped;
  t.ok(performance.now() - startedAt < 12_000, "and not when they answer");
  await database.cut(); // what it left open holds locks
});
