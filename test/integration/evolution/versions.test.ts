// Two versions of one service, one after the other on one journal: what the first stored, the second reads as what it
// means today, in entities, topics and projections; and the first says which event of the second it does not know.
import { createFileRegistry, fromBinary, type DescMessage } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import {
  defineEntity,
  errorDetail,
  project,
  publish,
  startService,
  type Logger,
  type ServiceOptions,
} from "@samspel/runtime";
import t, { type Test } from "tap";
import { openBroker } from "../../../ts-runtime/src/topic/index.ts";
import { CounterSchema, CounterService, CounterTopics } from "../../gen/samspel/test/v1/counter_pb.ts";
import { buildProtos } from "../../support/build-protos.ts";
import { storedChanges } from "../../support/counter-topic.ts";
import { counterV2 } from "../../support/counter-v2.ts";
import { defineCounter } from "../../support/counter.ts";
import { databaseUrl, natsUrl } from "../../support/environment.ts";
import { testSchema, testTopicPrefix } from "../../support/isolation.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { until } from "../../support/until.ts";

const registry = await startEmbeddedRegistry();
t.teardown(() => registry.close());

type Settings = Omit<ServiceOptions, "name">;

function testSettings(t: Test): Settings {
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

/** Runs a version of the service while `work` calls it. */
async function running<T>(
  settings: Settings,
  parts: Settings,
  work: (client: Client<typeof CounterService>) => Promise<T>,
): Promise<T> {
  await using service = await startService({ name: "counters", ...settings, ...parts });
  const baseUrl = `http://${service.host}:${service.port}`;
  return await work(createClient(CounterService, createGrpcTransport({ baseUrl })));
}

/** A line of the log about work that failed. */
interface Told {
  readonly err?: Error;
  readonly lease?: string;
  readonly work?: string;
}

const counter = defineCounter({ snapshotEvery: 3 });
const first = { entities: [counter] };

t.test("what the first version stored is read as what it means in the second", async (t) => {
  const settings = testSettings(t);
  await running(settings, first, async (client) => {
    for (const amount of [5n, 2n]) await client.increment({ counterId: "a", amount });
    await client.reset({ counterId: "a" }); // with a snapshot
    await client.increment({ counterId: "a", amount: 4n });
  });

  const seen: [string, bigint][] = [];
  const facts = project("facts", counterV2, {
    events: {
      incremented: ({ amount }) => void seen.push(["incremented", amount]),
      wasSet: ({ value }) => void seen.push(["wasSet", value]),
    },
  });
  const changed = publish(CounterTopics.method.changed, counterV2, {
    wasSet: ({ value: delta }, { entityId: counterId, state: { value } }) => ({ counterId, value, delta }),
    incremented: ({ amount: delta }, { entityId: counterId, state: { value } }) => ({
      counterId,
      value,
      delta,
    }),
  });
  const second = { entities: [counterV2], projections: [facts], topics: [changed] };
  const { topicPrefix = "" } = settings;
  await running(settings, second, async (client) => {
    t.match(await client.getCounter({ counterId: "a" }), { value: 4n });
    t.match(await client.increment({ counterId: "a", amount: 1n }), { value: 5n });
    await client.reset({ counterId: "a" });
    await until("all is projected", () => seen.length === 6);
    t.same(seen, [
      ["incremented", 5n],
      ["incremented", 2n],
      ["wasSet", 0n],
      ["incremented", 4n],
      ["incremented", 1n],
      ["wasSet", 0n],
    ]);
    await using broker = await openBroker({
      url: natsUrl(),
      prefix: topicPrefix,
      name: "test",
      logger: silentLogger,
    });
    const published = await until("all is published", async () => {
      const changes = await storedChanges(broker);
      return changes.length === 6 && changes;
    });
    t.same(
      published.map(({ id, value }) => [id, value]),
      [5n, 7n, 0n, 4n, 5n, 0n].map((value, index) => [`counter/a/${index + 1}`, value]),
    );
  });
});

t.test(
  "a version that does not know a case names entity and revision, and works for the others",
  async (t) => {
    const settings = testSettings(t);
    await running(settings, first, (client) => client.increment({ counterId: "b", amount: 1n }));
    await running(settings, { entities: [counterV2] }, async (client) => {
      await client.increment({ counterId: "a", amount: 1n });
      await client.reset({ counterId: "a" });
    });
    const told = new Set<string>();
    const tell = ({ err, lease, work = lease }: Told): void => {
      if (err !== undefined && work !== undefined) told.add(`${work}: ${err.message}`);
    };
    const reading = {
      ...first,
      logger: Object.create(silentLogger, { warn: { value: tell }, error: { value: tell } }) as Logger,
      projections: [project("facts", counter, { events: {} })],
      topics: [publish(CounterTopics.method.changed, counter, {})],
    };
    await running(settings, reading, async (client) => {
      t.match(await client.getCounter({ counterId: "b" }), { value: 1n });
      const error: unknown = await client.getCounter({ counterId: "a" }).catch((error: unknown) => error);
      const message =
        'Cannot read counter "a", revision 2: samspel.test.v1.CounterEvent has no case 3 in this version of the service; deploy one that does';
      t.match(error, { rawMessage: message });
      t.match(errorDetail(error), {
        code: "SAMSPEL_EVENT_UNKNOWN",
        metadata: { entityType: "counter", entityId: "a", revision: "2", case: "3" },
      });
      await until("projection and publication have met it", () => told.size === 2);
      t.same([...told].sort(), [
        `projection:facts:1: ${message}`,
        `publication:samspel.test.v1.CounterTopics.Changed: ${message}`,
      ]);
    });
  },
);

t.test(
  "a version that would misread what is stored does not start, and leaves nothing behind (S1)",
  async (t) => {
    const settings = testSettings(t);
    await running(settings, first, (client) => client.increment({ counterId: "a", amount: 1n }));
    const proto = `syntax = "proto3"; message Event { oneof event { Added added = 1; } } message Added { double by = 1; }`;
    const protos = fromBinary(FileDescriptorSetSchema, await buildProtos({ "bad.proto": proto }));
    const event = createFileRegistry(protos).getMessage("Event");
    const handler = (): object => ({});
    const bad = defineEntity(
      CounterService,
      { name: "counter", state: CounterSchema, event: event as DescMessage },
      {
        commands: { increment: handler, reset: handler, getCounter: handler },
        events: { added: handler },
      },
    );
    await t.rejects(startService({ name: "counters", ...settings, entities: [bad] }), {
      code: "SAMSPEL_EVENTS_INCOMPATIBLE",
      message:
        /\n {2}1\. Entity counter: Added\.amount, number 1 \(in incremented\), was int64 and is double\. Give the/,
    });
    await running(settings, first, async (client) => {
      t.match(await client.getCounter({ counterId: "a" }), { value: 1n });
    });
  },
);
