// Topics by the dashboard's own methods, over real NATS: messages that people publish, messages as they come, groups of
// durable consumers, and comments of proto files that are at hand.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { create, toBinary, type DescService, type MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { createTopicPublisher } from "@samspel/runtime/publisher";
import type {
  TopicMessage,
  WatchTopicRequestSchema,
} from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { WorkState } from "@samspel/runtime/gen/samspel/v1/backoffice_pb.js";
import { AckPolicy, connect, nanos, type NatsConnection } from "nats";
import t, { type Test } from "tap";
import { createTestPublisher } from "../../../ts-runtime/src/testing/index.ts";
import { descriptorSetOf, partitionOf } from "../../../ts-runtime/src/descriptor/index.ts";
import { CounterChangedSchema, CounterService, CounterTopics } from "../../gen/samspel/test/v1/counter_pb.ts";
import { PresenceTopics } from "../../gen/samspel/test/v1/presence_pb.ts";
import { natsUrl } from "../../support/environment.ts";
import { changedTopic } from "../../support/faulty-service.ts";
import { testTopicPrefix } from "../../support/isolation.ts";
import { startNatsServer } from "../../support/nats-server.ts";
import { until } from "../../support/until.ts";
import { startFixture, type DashboardFixture } from "./fixture.ts";

const presenceTopic = "samspel.test.v1.PresenceTopics.Presence";

interface World extends DashboardFixture {
  readonly prefix: string;
  readonly stream: string;
  readonly connection: NatsConnection;
}

/** A dashboard over a registry that knows a service with topics; nothing of that service runs. */
async function startWorld(t: Test): Promise<World> {
  const prefix = testTopicPrefix(t);
  const on = await startFixture(t, {
    natsUrl: natsUrl(),
    topicPrefix: prefix,
    protoFolders: [join(import.meta.dirname, "../../proto")],
  });
  await placeCounters(on, [CounterService, CounterTopics, PresenceTopics]);
  const connection = await connect({ servers: natsUrl() });
  t.teardown(() => connection.close());
  return { ...on, prefix, stream: `${prefix}${changedTopic.replaceAll(".", "_")}`, connection };
}

/** Registers a service with topics; nothing of it runs. Resolves when the dashboard knows it. */
async function placeCounters(
  { registry, client }: Pick<DashboardFixture, "registry" | "client">,
  services: readonly DescService[],
): Promise<void> {
  await registry.place({
    name: "counters",
    address: "192.0.2.1",
    port: 1,
    protoServices: services.map(({ typeName }) => typeName),
    descriptors: descriptorSetOf(services),
    check: { type: "none" },
  });
  await until("its methods are known", async () => {
    const { methods } = await client.listMethods({ brief: true });
    return methods.some(({ topic }) => topic === changedTopic);
  });
}

/** Reads until there are so many messages, after `begun`. */
async function watchFor(
  { client }: World,
  request: MessageInitShape<typeof WatchTopicRequestSchema>,
  count: number,
  begun: () => Promise<unknown> = async () => {},
): Promise<readonly TopicMessage[]> {
  const seen: TopicMessage[] = [];
  let isBegun = false;
  for await (const { messages } of client.watchTopic(request, { signal: AbortSignal.timeout(30_000) })) {
    seen.push(...messages);
    if (!isBegun) {
      isBegun = true;
      await begun();
    }
    if (seen.length >= count) return seen;
  }
  throw new Error("the stream ended");
}

t.test("topics of a system", { timeout: 120_000 }, async (t) => {
  const on = await startWorld(t);
  const { client, collector, connection, prefix, stream } = on;
  const manager = await connection.jetstreamManager();

  await t.test("describeTopic() says what a message looks like", async (t) => {
    const described = await client.describeTopic({ topic: changedTopic });
    t.match(described, { messageType: CounterChangedSchema.typeName, keyField: "counterId", refusal: "" });
    t.match(JSON.parse(described.messageTemplate), { counterId: "", value: "0" });
    t.match(JSON.parse(described.messageSchema), {
      $defs: { [CounterChangedSchema.typeName]: { properties: { counterId: { "x-key": true } } } },
    });
    await t.rejects(client.describeTopic({ topic: "no.such.Topic" }), {
      code: Code.NotFound,
      rawMessage: new RegExp(`"no.such.Topic": there are ${changedTopic}, ${presenceTopic}`),
    });
  });

  await t.test("comments come from the proto files at hand, as the descriptors have none", async (t) => {
    const { methods } = await client.listMethods({
      protoService: CounterService.typeName,
      method: "Increment",
    });
    t.equal(methods[0]?.comment, "Adds to a counter.");
    t.match(JSON.parse(methods[0]?.requestSchema ?? ""), {
      $defs: {
        "samspel.test.v1.IncrementRequest": {
          description: "What to add, and to which counter.",
          properties: { amount: { description: "How much; may be negative." } },
        },
      },
    });
  });

  await t.test("publishMessage() stores what a service's own code would store", async (t) => {
    const published = await client.publishMessage({
      topic: changedTopic,
      message: '{"counterId":"a/b c","value":"7"}',
      headers: { "x-reason": "a test", "ce-source": "/forged" },
    });
    const partition = partitionOf("a/b c", 16);
    t.match(published, { key: "a/b c", partition, traceId: /^[0-9a-f]{32}$/, id: /^[0-9a-f-]{36}$/ });
    await using own = createTestPublisher({ natsUrl: natsUrl(), topicPrefix: prefix });
    await own.publish(CounterTopics.method.changed, { counterId: "a/b c", value: 7n });
    const [ours, services] = await Promise.all([
      manager.streams.getMessage(stream, { seq: 1 }),
      manager.streams.getMessage(stream, { seq: 2 }),
    ]);
    t.equal(ours.subject, `${prefix}topic.${changedTopic}.${partition}`);
    t.equal(ours.subject, services.subject);
    t.same(ours.data, services.data, "the same bytes");
    const names = [...services.header.keys()].toSorted();
    t.same([...ours.header.keys()].toSorted(), [...names, "traceparent", "x-reason"].toSorted());
    t.equal(ours.header.get("Nats-Msg-Id"), published.id);
    t.equal(ours.header.get("ce-id"), published.id);
    t.equal(ours.header.get("ce-source"), "/samspel/dashboard", "and it says from where it came");
    t.match(ours.header.get("traceparent"), published.traceId);
    const { spans } = await client.getTrace({ traceId: published.traceId });
    t.match(spans, [
      {
        service: "dashboard",
        kind: "PRODUCER",
        parentSpanId: "",
        error: false,
        attributes: {
          "messaging.destination.name": changedTopic,
          "messaging.message.id": published.id,
        },
      },
    ]);
  });

  await t.test(
    "publishMessage() stores one id once, and goes on with a trace that it is given",
    async (t) => {
      const request = {
        topic: changedTopic,
        message: '{"counterId":"once"}',
        id: "the same",
        headers: { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` },
      };
      const before = (await manager.streams.info(stream)).state.messages;
      t.match(await client.publishMessage(request), { id: "the same", traceId: "a".repeat(32) });
      await client.publishMessage(request);
      t.equal((await manager.streams.info(stream)).state.messages, before + 1);
      t.equal(collector.getTrace("a".repeat(32)), undefined, "a trace of others has no span of ours");
    },
  );

  await t.test("publishMessage() refuses what cannot be published, and says why", async (t) => {
    const refusals = [
      [{ message: '{"value":"1"}' }, Code.InvalidArgument, /needs its key: counterId is empty/],
      [{ message: '{"nonsense":1}' }, Code.InvalidArgument, /its fields are counterId, value/],
      [{ message: "no JSON" }, Code.InvalidArgument, /must be JSON/],
      [{ message: '{"counterId":"a"}', headers: { "a b": "" } }, Code.InvalidArgument, /Header name must be/],
      [{ topic: "no.such.Topic", message: "{}" }, Code.NotFound, /no\.such\.Topic/],
    ] as const;
    for (const [request, code, rawMessage] of refusals) {
      await t.rejects(client.publishMessage({ topic: changedTopic, ...request }), { code, rawMessage });
    }
  });

  await t.test("watchTopic() decodes what comes, with all that is known of it", async (t) => {
    const [message] = await watchFor(on, { topic: changedTopic }, 1, () =>
      client.publishMessage({ topic: changedTopic, message: '{"counterId":"seen","value":"3"}', id: "s1" }),
    );
    t.match(message, {
      key: "seen",
      id: "s1",
      partition: partitionOf("seen", 16),
      type: CounterChangedSchema.typeName,
      traceId: /^[0-9a-f]{32}$/,
      headers: { "ce-id": "s1", "content-type": "application/protobuf" },
      problem: "",
    });
    t.match(JSON.parse(message?.message ?? ""), { counterId: "seen", value: "3" });
    t.notOk(Object.keys(message?.headers ?? {}).some((name) => name.startsWith("nats-")));
  });

  await t.test("watchTopic() begins where it is told, and goes on behind a message", async (t) => {
    const { last_seq: last } = (await manager.streams.info(stream)).state;
    const all = await watchFor(on, { topic: changedTopic, from: { case: "beginning", value: true } }, last);
    t.same(
      all.map(({ sequence }) => Number(sequence)),
      Array.from({ length: last }, (_, index) => index + 1),
    );
    const latest = await watchFor(on, { topic: changedTopic, from: { case: "last", value: 2 } }, 2);
    t.same(latest, all.slice(-2));
    const after = { case: "afterSequence", value: BigInt(last - 1) } as const;
    t.same(
      await watchFor(on, { topic: changedTopic, from: after }, 1),
      all.slice(-1),
      "no gap, nothing twice",
    );
    const { created } = await manager.streams.info(stream);
    t.same(await watchFor(on, { topic: changedTopic, from: after, stream: created }, 1), all.slice(-1));
    const anew = await watchFor(on, { topic: changedTopic, from: after, stream: "an earlier one" }, last);
    t.same(anew, all, "a place in another stream means nothing");
  });

  await t.test("watchTopic() shows messages of some keys, and a broken one with its reason", async (t) => {
    await connection.jetstream().publish(`${prefix}topic.${changedTopic}.0`, new Uint8Array([255, 255]));
    const all = await watchFor(on, { topic: changedTopic, from: { case: "last", value: 1 } }, 1);
    t.match(all, [
      { message: "", problem: /^no samspel\.test\.v1\.CounterChanged \(.+\): 2 bytes$/, key: "" },
    ]);
    const own = { counterId: "inside", value: 1n };
    const bare = toBinary(CounterChangedSchema, create(CounterChangedSchema, own));
    await connection.jetstream().publish(`${prefix}topic.${changedTopic}.1`, bare);
    const from = { case: "beginning", value: true } as const;
    const some = await watchFor(on, { topic: changedTopic, key: "SIDE", from }, 1);
    t.match(some, [{ key: "inside" }], "a key that no header says is taken from the message");
  });

  await t.test("listTopics() tells how far groups of durable consumers are", async (t) => {
    const group = async (partition: number): Promise<void> => {
      await manager.consumers.add(stream, {
        durable_name: `shipping-${partition}`,
        filter_subject: `${prefix}topic.${changedTopic}.${partition}`,
        ack_policy: AckPolicy.Explicit,
        max_ack_pending: 1,
        ack_wait: nanos(30_000),
      });
    };
    const partition = partitionOf("lagging", 16);
    const quiet = (partition + 1) % 16;
    await Promise.all([group(partition), group(quiet)]);
    // No group of ours: its consumer reads something else.
    await manager.consumers.add(stream, { durable_name: "audit-0", ack_policy: AckPolicy.Explicit });
    const statusOf = async () => {
      const { topics } = await client.listTopics({ topic: changedTopic });
      t.equal(topics.length, 1);
      const [topic] = topics;
      t.match(topic, {
        topic: {
          name: changedTopic,
          messageType: CounterChangedSchema.typeName,
          partitions: 16,
          live: false,
        },
        publishers: ["counters"],
      });
      t.equal(topic?.groups.length, 1);
      return topic?.groups[0];
    };
    const before = await statusOf();
    t.match(before, { group: "shipping", state: WorkState.UNSPECIFIED }, "nobody reads it");
    const count = Number(before?.lag?.count ?? 0n);
    for (const id of ["l1", "l2"])
      await client.publishMessage({ topic: changedTopic, message: '{"counterId":"lagging"}', id });
    const lagging = await statusOf();
    t.equal(Number(lagging?.lag?.count), count + 2);
    t.ok(lagging?.lag?.age, "and how old the oldest is");

    // One message is taken, given back, and taken again.
    const consumer = await connection.jetstream().consumers.get(stream, `shipping-${partition}`);
    let taken = await consumer.next();
    while (taken !== null && taken.headers?.get("ce-id") !== "l1") {
      await taken.ackAck();
      taken = await consumer.next();
    }
    t.equal(taken?.headers?.get("ce-id"), "l1");
    taken?.nak();
    const again = await consumer.next();
    const part = await until("the attempt is counted", async () => {
      const status = await statusOf();
      return status?.waiting.length === 1 ? status : undefined;
    });
    t.match(part, {
      state: WorkState.RUNNING,
      waiting: [{ key: "lagging", attempts: 1, sequence: BigInt(again?.seq ?? 0) }],
      parts: [{}, {}],
      deadLetters: 0n,
    });
    t.equal(Number(part.parts.find(({ number }) => number === partition)?.lag?.count), 2);
    await again?.ackAck();
    await until("it is handled", async () => (await statusOf())?.waiting.length === 0);
  });

  await t.test("a live topic is published to and heard, and keeps nothing", async (t) => {
    const heard = await watchFor(on, { topic: presenceTopic }, 1, () =>
      client.publishMessage({ topic: presenceTopic, message: '{"userId":"ada","present":true}' }),
    );
    t.match(heard, [{ sequence: 0n, key: "ada", headers: { "ce-source": "/samspel/dashboard" } }]);
    const { topics } = await client.listTopics({ topic: presenceTopic });
    t.match(topics, [{ topic: { live: true, partitions: 0 }, groups: [] }]);
  });

  await t.test(
    "a topic is listed by its stream, also where nobody that is registered knows it",
    async (t) => {
      await using publisher = createTopicPublisher({ natsUrl: natsUrl(), topicPrefix: prefix, name: "gone" });
      await publisher.publish(CounterTopics.method.changed, { counterId: "x" });
      const alone = await startFixture(t, { natsUrl: natsUrl(), topicPrefix: prefix });
      const { topics } = await alone.client.listTopics({});
      t.match(topics, [{ topic: { name: changedTopic, messageType: "", partitions: 16 }, publishers: [] }]);
      await t.rejects(watchFor({ ...on, ...alone }, { topic: changedTopic }, 1), { code: Code.NotFound });
    },
  );
});

t.test("without NATS, topics are told by descriptors, and all else says what is missing", async (t) => {
  const on = await startFixture(t);
  await placeCounters(on, [CounterTopics]);
  const { client } = on;
  const refusal = { code: Code.FailedPrecondition, rawMessage: /start the dashboard with --nats/ };
  await t.rejects(client.publishMessage({ topic: changedTopic, message: "{}" }), refusal);
  await t.rejects(client.watchTopic({ topic: changedTopic })[Symbol.asyncIterator]().next(), refusal);
  t.match(await client.describeTopic({ topic: changedTopic }), { refusal: /--nats/ });
});

t.test("NATS that is away is UNAVAILABLE, and is tried again by the next request", async (t) => {
  const { client } = await startFixture(t, { natsUrl: "nats://127.0.0.1:1" });
  const away = { code: Code.Unavailable, rawMessage: /^NATS does not answer/ };
  await t.rejects(client.listTopics({}), away);
  await t.rejects(client.listTopics({}), away);
});

t.test(
  "a tail goes on behind a restart of NATS, and in a topic that was made anew",
  { timeout: 120_000 },
  async (t) => {
    const nats = await startNatsServer(t);
    const on = await startFixture(t, { natsUrl: nats.url });
    await placeCounters(on, [CounterTopics]);
    const { client } = on;
    const publish = (id: string) =>
      client.publishMessage({ topic: changedTopic, message: '{"counterId":"a"}', id });
    await publish("one");

    // As the page does: a stream that broke is opened again behind the last message.
    const seen: string[] = [];
    const over = new AbortController();
    const following = (async () => {
      let [last, stream] = [0n, ""];
      while (!over.signal.aborted) {
        const from =
          last === 0n
            ? ({ case: "beginning", value: true } as const)
            : ({ case: "afterSequence", value: last } as const);
        try {
          const { signal } = over;
          const answers = client.watchTopic({ topic: changedTopic, from, stream }, { signal });
          for await (const { messages, stream: present } of answers) {
            if (messages.length > 0) stream = present;
            seen.push(...messages.map(({ id }) => id));
            last = messages.at(-1)?.sequence ?? last;
          }
        } catch {
          await sleep(100);
        }
      }
    })();
    await until("it is seen", () => seen.length === 1);
    await nats.kill();
    await nats.start();
    await publish("two");
    await until("what came after the restart is seen", () => seen.length === 2, 60_000);

    const connection = await connect({ servers: nats.url });
    t.teardown(() => connection.close());
    await (await connection.jetstreamManager()).streams.delete(changedTopic.replaceAll(".", "_"));
    await publish("three");
    await until("what came into the new stream is seen", () => seen.length === 3, 60_000);
    t.same(seen, ["one", "two", "three"], "nothing is missing, nothing is there twice");
    over.abort();
    await following;
  },
);
