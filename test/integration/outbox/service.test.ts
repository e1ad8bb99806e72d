// Publishing from a service's own code: straight, which needs no database, and with its transaction.
import { createClient, type ServiceImpl } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import {
  serve,
  startService,
  subscribe,
  topic,
  type ServiceContext,
  type ServiceOptions,
} from "@samspel/runtime";
import t from "tap";
import { CounterTopics } from "../../gen/samspel/test/v1/counter_pb.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { databaseUrl, natsUrl } from "../../support/environment.ts";
import { testSchema, testTopicPrefix } from "../../support/isolation.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { until } from "../../support/until.ts";

const registry = await startEmbeddedRegistry();
t.teardown(() => registry.close());
const { changed } = CounterTopics.method;

/** Publishes what it is told. */
const echo = (options: { readonly inTransaction: boolean }) =>
  serve(EchoService, (context: ServiceContext) => {
    const changes = context.topic(changed);
    return {
      async echo({ text }) {
        const message = { counterId: text, value: 1n };
        if (options.inTransaction) await context.transact((tx) => changes.publish(message, { tx }));
        else await changes.publish(message);
        return { text };
      },
    } as Partial<ServiceImpl<typeof EchoService>> as ServiceImpl<typeof EchoService>;
  });

for (const inTransaction of [false, true]) {
  t.test(
    `context.topic() publishes ${inTransaction ? "with a transaction" : "without a database"}`,
    async (t) => {
      const common: Omit<ServiceOptions, "name"> = {
        natsUrl: natsUrl(),
        registryUrl: registry.url,
        topicPrefix: testTopicPrefix(t),
        ownsProcess: false,
        logger: silentLogger,
      };
      const seen: string[] = [];
      const service = await startService({
        ...common,
        name: "echo",
        services: [echo({ inTransaction })],
        topics: [topic(changed)],
        subscriptions: [
          subscribe(changed, { group: "echo", handler: ({ counterId }) => void seen.push(counterId) }),
        ],
        ...(inTransaction ? { databaseUrl: databaseUrl(), schema: testSchema(t) } : {}),
      });
      t.teardown(() => service.stop());
      t.same(service.protoServices.includes(CounterTopics.typeName), true, "the topic is served over gRPC");
      const client = createClient(
        EchoService,
        createGrpcTransport({ baseUrl: `http://${service.host}:${service.port}` }),
      );
      await client.echo({ text: "a" });
      await until("it came", () => seen.length === 1, 30_000);
      t.same(seen, ["a"]);
    },
  );
}

t.test("context.topic() refuses a topic that the service does not have", async (t) => {
  await t.rejects(
    startService({
      name: "echo",
      natsUrl: natsUrl(),
      registryUrl: registry.url,
      ownsProcess: false,
      logger: silentLogger,
      services: [echo({ inTransaction: false })],
    }),
    { code: "SAMSPEL_INVALID_CONFIGURATION", message: /give `topic\(…\)` of its method to startService/ },
  );
});
