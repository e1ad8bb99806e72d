// Topics over gRPC while the instances that serve them are killed (`kill -9`) and started again: F1, G1, G2.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { TopicService } from "@samspel/runtime/gen/samspel/v1/topic_service_pb.js";
import t from "tap";
import { CounterChangedSchema } from "../../gen/samspel/test/v1/counter_pb.ts";
import { testBroker } from "../../support/broker.ts";
import { changed, counterTopic, publishAll } from "../../support/counter-topic.ts";
import { natsUrl } from "../../support/environment.ts";
import { startInstances } from "../../support/service-instance.ts";
import { until } from "../../support/until.ts";

const topic = counterTopic.name;
const beginning = { case: "beginning", value: true } as const;
const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`);
const rounds = 60;

t.test("readers lose nothing and see each key in order when instances are killed", async (t) => {
  const broker = await testBroker(t);
  const { prefix } = broker;
  const instances = await startInstances(t, 2, {
    main: join(import.meta.dirname, "fixtures/streams-main.ts"),
    env: {
      SERVICE_NAME: `streams-${randomUUID().slice(0, 8)}`,
      NATS_URL: natsUrl(),
      SAMSPEL_TOPIC_PREFIX: prefix,
    },
  });
  const clients = instances.map(({ url }) =>
    createClient(TopicService, createGrpcTransport({ baseUrl: url })),
  );
  const over = new AbortController();
  t.teardown(() => over.abort());

  /** Reads with one client after the other, from whatever `from` says, until all is over. */
  const follow = async (
    first: number,
    read: (client: Client<typeof TopicService>) => Promise<void>,
  ): Promise<number> => {
    let breaks = 0;
    for (let turn = first; !over.signal.aborted; turn++) {
      const client = clients[turn % clients.length];
      if (client === undefined) throw new Error("no client");
      await read(client).catch(() => (breaks += 1));
      await new Promise((resolve) => setTimeout(resolve, 50)); // not to hammer one that is down
    }
    return breaks;
  };

  const alone: string[] = [];
  let position: string | undefined;
  const single = follow(0, async (client) => {
    const from = position === undefined ? beginning : ({ case: "position", value: position } as const);
    for await (const { envelope } of client.read({ topic, from }, over)) {
      if (envelope === undefined) continue;
      alone.push(`${envelope.key} ${fromBinary(CounterChangedSchema, envelope.message).value}`);
      position = envelope.position;
    }
  });

  const done = new Map<string, number>(keys.map((key) => [key, 0]));
  let gaps = 0;
  const share = (first: number): Promise<number> =>
    follow(first, async (client) => {
      const replies = client.read({ topic, group: "shared", from: beginning }, over);
      for await (const { envelope } of replies) {
        if (envelope === undefined) continue;
        const value = Number(fromBinary(CounterChangedSchema, envelope.message).value);
        const before = done.get(envelope.key) ?? 0;
        if (value > before + 1) gaps += 1;
        done.set(envelope.key, Math.max(before, value));
        await client.commit({ topic, group: "shared", position: envelope.position });
      }
    });
  const shared = [share(0), share(1)];

  const published: string[] = [];
  for (let round = 1; round <= rounds; round++) {
    await publishAll(
      broker,
      keys.map((key) => changed(prefix, key, round)),
    );
    published.push(...keys.map((key) => `${key} ${round}`));
    if (round % 15 === 5) await instances[0]?.kill();
    if (round % 15 === 10) await instances[0]?.start();
    if (round === 32) await instances[1]?.kill();
    if (round === 34) await instances[1]?.start();
    const soFar = published.length;
    if (round % 5 === 0) await until("the reader keeps up", () => alone.length >= soFar - 100, 60_000);
  }
  await until("all is read", () => alone.length >= published.length, 60_000);
  await until("all is handled", () => [...done.values()].every((value) => value === rounds), 60_000);
  over.abort();
  const breaks = await single;
  await Promise.all(shared);
  t.ok(breaks >= 3, `${breaks} streams broke`);
  t.equal(new Set(alone).size, alone.length, "none came twice");
  t.same(alone.toSorted(), published.toSorted(), "none is missing");
  for (const key of keys) {
    const values = alone
      .filter((each) => each.startsWith(`${key} `))
      .map((each) => Number(each.split(" ")[1]));
    if (values.some((value, index) => value !== index + 1)) t.fail(`${key}: ${values.join()}`);
  }
  t.equal(gaps, 0, "no message of the group overtook one of its key");
});
