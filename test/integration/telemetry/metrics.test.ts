// What an SDK of OpenTelemetry sees of a journal and its entities.
import { create } from "@bufbuild/protobuf";
import t from "tap";
import { liveTopicDescriptor } from "../../../ts-runtime/src/descriptor/index.ts";
import { createEntityHost } from "../../../ts-runtime/src/entity/index.ts";
import { listenLive, livePublisher } from "../../../ts-runtime/src/live/index.ts";
import { pauseProjection, project } from "../../../ts-runtime/src/projection/index.ts";
import { instruments } from "../../../ts-runtime/src/telemetry/instruments.ts";
import { subscribe } from "../../../ts-runtime/src/topic/index.ts";
import { CounterTopics, IncrementRequestSchema } from "../../gen/samspel/test/v1/counter_pb.ts";
import { PresenceTopics } from "../../gen/samspel/test/v1/presence_pb.ts";
import { testBroker } from "../../support/broker.ts";
import { changed, counterTopic, publishAll } from "../../support/counter-topic.ts";
import { defineCounter } from "../../support/counter.ts";
import { appendOf, openJournal } from "../../support/journal.ts";
import { measureProcess } from "../../support/measured.ts";
import { runInstance } from "../../support/subscription.ts";
import { appendEvents, incremented } from "../../support/counter-events.ts";
import { run } from "../../support/projection.ts";
import { until } from "../../support/until.ts";

const reader = measureProcess(t);

t.test("a journal measures its appends: how many, how they end, how many together, how long", async (t) => {
  const { journal } = await openJournal(t);
  await Promise.all(Array.from({ length: 5 }, (_, index) => journal.append(appendOf(`e${index}`, 0n))));
  const command = { id: "c", reply: Buffer.of(1) };
  await journal.append(appendOf("f", 0n, { command }));
  await journal.append(appendOf("f", 1n, { command }));
  await journal.append(appendOf("e0", 0n));
  const outcomes = (await reader.points("samspel.journal.appends")).map(({ attributes, value }) => [
    attributes["samspel.append.outcome"],
    value,
  ]);
  t.same(Object.fromEntries(outcomes), { appended: 6, duplicate: 1, conflict: 1 });
  const [size] = await reader.points("samspel.journal.append.batch.size");
  t.match(size?.value, { sum: 8, max: 5 });
  const [duration] = await reader.points("samspel.journal.append.duration");
  t.match(duration?.value, { count: 4 });
});

t.test("the age of who holds readers back is measured while the journal is open", async (t) => {
  const { journal, database } = await openJournal(t);
  const age = async (): Promise<number | undefined> => {
    const [point] = await reader.points("samspel.journal.hold.age");
    return typeof point?.value === "number" ? point.value : undefined;
  };
  const end = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const holder = database.sql.begin(async (tx) => {
    await tx`select pg_current_xact_id()`;
    begun.resolve();
    await end.promise;
  });
  await begun.promise;
  await until("the holder's age is over half a second", async () => ((await age()) ?? 0) > 0.5);
  end.resolve();
  await holder;
  await until("nobody holds readers back", async () => ((await age()) ?? 1) < 0.5, 60_000);
  await journal.close();
});

t.test("an entity type measures its commands by outcome, what is live, and recoveries", async (t) => {
  const { journal } = await openJournal(t);
  const broken = new TypeError("broken");
  let fail = false;
  const entity = defineCounter({
    onIncrement() {
      if (fail) throw broken;
    },
  });
  using host = createEntityHost({ entity, journal });
  const increment = (counterId: string, amount: bigint) =>
    host.ask({
      command: "increment",
      entityId: counterId,
      request: create(IncrementRequestSchema, { counterId, amount }),
      commandId: undefined,
      client: () => {
        throw new Error("a counter calls nobody");
      },
      signal: AbortSignal.timeout(10_000),
      requestHeader: new Headers(),
    });
  await increment("a", 1n);
  await increment("b", 1n);
  await t.rejects(increment("a", -2n), { code: "SAMSPEL_REJECTED" });
  fail = true;
  await t.rejects(increment("a", 1n), broken);

  const commands = (await reader.points("samspel.entity.command.duration")).map(({ attributes, value }) => [
    Object.values(attributes).join(" "),
    typeof value === "number" ? value : value.count,
  ]);
  t.same(Object.fromEntries(commands), {
    "counter increment replied": 2,
    "counter increment rejected SAMSPEL_REJECTED": 1,
    "counter increment failed TypeError": 1,
  });
  const [live] = await reader.points("samspel.entity.live");
  t.match(live, { value: 2, attributes: { "samspel.entity.type": "counter" } });
  const [recoveries] = await reader.points("samspel.entity.recovery.duration");
  t.match(recoveries?.value, { count: 2 });
});

t.test("a subscription measures what becomes of its messages, and how far it is behind", async (t) => {
  const broker = await testBroker(t);
  const release = Promise.withResolvers<void>();
  const subscription = subscribe(CounterTopics.method.changed, {
    group: "measured",
    retry: { initialMs: 5, maxMs: 10, maxAttempts: 2 },
    handler: ({ value }) => {
      if (value === 2n) throw new Error("two");
      return value === 3n ? release.promise : undefined;
    },
  });
  runInstance(t, broker, subscription);
  await publishAll(
    broker,
    [1, 2, 3, 4].map((revision) => changed(broker.prefix, "a", revision)),
  );
  const valueOf = async (name: "samspel.consumer.lag" | "samspel.consumer.lag.age") =>
    (await reader.points(name))[0]?.value;
  await until("two are left", async () => (await valueOf("samspel.consumer.lag")) === 2);
  await until("they get older", async () => Number(await valueOf("samspel.consumer.lag.age")) > 0);
  release.resolve();
  await until("none is left", async () => (await valueOf("samspel.consumer.lag")) === 0);
  t.equal(await valueOf("samspel.consumer.lag.age"), 0);
  const points = await reader.points("samspel.consumer.messages");
  t.match(points[0]?.attributes, {
    "messaging.consumer.group.name": "measured",
    "messaging.destination.name": counterTopic.name,
  });
  const outcomes = points.map(({ attributes, value }) => [attributes["samspel.consumer.outcome"], value]);
  t.same(Object.fromEntries(outcomes), { handled: 3, failed: 2, retried: 1, parked: 1 });
});

t.test("a projection measures its events by outcome, its lag, and what it parked", async (t) => {
  const on = await openJournal(t);
  const projection = project("measured", defineCounter(), {
    retry: { maxAttempts: 1 },
    events: {
      incremented({ amount }) {
        if (amount === 13n) throw new RangeError("thirteen");
      },
    },
  });
  const value = async (name: keyof typeof instruments): Promise<unknown> => {
    const points = await reader.points(name);
    return points.find(({ attributes }) => attributes["samspel.projection"] === "measured")?.value;
  };
  await appendEvents(on.journal, "a", 0n, [incremented(1n), incremented(13n), incremented(2n)]);
  run(t, on, projection);
  await until("one is parked", async () => (await value("samspel.projection.parked")) === 1);
  await until("nothing is behind", async () => (await value("samspel.projection.lag")) === 0);
  await pauseProjection({ home: on.database, projection: "measured" });
  await appendEvents(on.journal, "a", 3n, [incremented(1n)]);
  await until("an event waits", async () => Number(await value("samspel.projection.lag")) > 0);
  const outcomes = (await reader.points("samspel.projection.events")).map(({ attributes, value }) => [
    attributes["samspel.projection.outcome"],
    value,
  ]);
  t.same(Object.fromEntries(outcomes), { applied: 2, parked: 1 });
});

t.test("a live topic measures what is published, and what is dropped before a slow reader", async (t) => {
  const broker = await testBroker(t);
  const { presence } = PresenceTopics.method;
  const topic = liveTopicDescriptor(presence);
  const { signal } = new AbortController();
  using _ = listenLive({ broker, topic, group: undefined, maxBuffered: 2, signal });
  await broker.connection.flush();
  const publisher = livePublisher(broker, presence, "counters");
  for (let number = 1n; number <= 5n; number++) publisher.publish({ number });
  const of = async (name: keyof typeof instruments) =>
    (await reader.points(name)).map(({ attributes, value }) => ({ ...attributes, value }));
  const about = { "messaging.destination.name": topic.name };
  await until("three are dropped", async () => (await of("samspel.live.dropped"))[0]?.value === 3);
  t.same(await of("samspel.live.dropped"), [{ ...about, "samspel.live.drop.reason": "slow", value: 3 }]);
  t.same(await of("samspel.live.published"), [{ ...about, value: 5 }]);
});
