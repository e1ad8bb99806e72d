// The outbox: what a transaction leaves behind reaches JetStream once, in order, whatever fails in between.
import t, { type Test } from "tap";
import { setTimeout as sleep } from "node:timers/promises";
import {
  createTopicSenders,
  outboxState,
  runOutbox,
  type RunOutboxOptions,
  type TopicSender,
} from "../../../ts-runtime/src/outbox/index.ts";
import { transact } from "../../../ts-runtime/src/postgres/index.ts";
import { ensureStream, type Broker } from "../../../ts-runtime/src/topic/index.ts";
import { CounterTopics, type CounterChangedSchema } from "../../gen/samspel/test/v1/counter_pb.ts";
import { MemberTopics } from "../../gen/samspel/test/v1/member_pb.ts";
import { testBroker } from "../../support/broker.ts";
import { testCluster } from "../../support/cluster.ts";
import { counterTopic, storedChanges, type StoredChange } from "../../support/counter-topic.ts";
import { cutConnections, openJournal, type Process } from "../../support/journal.ts";
import { startNatsServer } from "../../support/nats-server.ts";
import { recordingLogger } from "../../support/recording-logger.ts";
import { runUntilEnd } from "../../support/run-until-end.ts";
import { silentLogger as logger } from "../../support/silent-logger.ts";
import { until } from "../../support/until.ts";

const { changed } = CounterTopics.method;

function relay(
  t: Test,
  { database }: Process,
  broker: Broker,
  options: Partial<RunOutboxOptions> = {},
): () => Promise<void> {
  return runUntilEnd(t, (signal) =>
    runOutbox({
      database,
      cluster: testCluster(t, database),
      connect: async () => broker,
      service: "counters",
      ensureStream: () => ensureStream(broker, counterTopic),
      logger,
      signal,
      ...options,
    }),
  );
}

function senderOf(t: Test, broker: Broker): TopicSender<typeof CounterChangedSchema> {
  const senders = createTopicSenders({
    service: "counters",
    topics: new Set([counterTopic.name]),
    broker: () => broker,
  });
  t.teardown(() => senders[Symbol.dispose]());
  return senders.topic(changed);
}

/** One transaction, one message. */
const publishIn = (
  { database }: Process,
  sender: TopicSender<typeof CounterChangedSchema>,
  counterId: string,
  value: bigint,
  options: { readonly delayMs?: number } = {},
): Promise<string> =>
  transact(database.sql, (tx) =>
    sender.publish({ counterId, value }, { tx, id: `${counterId}/${value}`, ...options }),
  );

const inStream = (broker: Broker, count: number) =>
  until(
    `${count} messages are stored`,
    async () => {
      const stored = await storedChanges(broker).catch(() => []);
      return stored.length >= count && stored;
    },
    60_000,
  );

const isEmpty = ({ database }: Process) =>
  until("the outbox is empty", async () => (await outboxState(database)).streams.length === 0, 30_000);

function inOrder(t: Test, stored: readonly StoredChange[], ids: readonly string[], times: number): void {
  t.equal(stored.length, ids.length * times, "each once");
  const expected = Array.from({ length: times }, (_, index) => BigInt(index + 1)).join();
  for (const id of ids) {
    const values = stored.filter(({ counterId }) => counterId === id).map(({ value }) => value);
    if (values.join() !== expected) t.same(values.join(), expected, id);
  }
}

t.test("publish({ tx }) leaves with the commit, with its headers, and not with a rollback", async (t) => {
  const on = await openJournal(t);
  const broker = await testBroker(t);
  const sender = senderOf(t, broker);
  relay(t, on, broker);
  await t.rejects(
    transact(on.database.sql, async (tx) => {
      await sender.publish({ counterId: "a", value: 1n }, { tx });
      throw new Error("planned");
    }),
    { message: "planned" },
  );
  await transact(on.database.sql, async (tx) => {
    await sender.publish({ counterId: "å b", value: 2n }, { tx, id: "id of å", headers: { Tenant: "50 %" } });
    await tx`select 1`;
    t.equal((await storedChanges(broker).catch(() => [])).length, 0, "not before the commit");
  });
  const [stored] = await inStream(broker, 1);
  t.match(stored, { counterId: "å b", value: 2n, id: "id%20of%20%C3%A5" });
  t.match(Object.fromEntries(stored?.headers ?? []), {
    "ce-id": "id%20of%20%C3%A5",
    "ce-source": "/samspel/counters",
    "ce-subject": "%C3%A5%20b",
    tenant: "50%20%25",
    "nats-expected-last-subject-sequence-subject":
      /fence\.samspel_test_v1_CounterTopics_Changed\.counters\.outbox\.\d+\.0$/,
  });
  await isEmpty(on);
});

t.test("the outbox keeps the order of each key, and a message waits for its time", async (t) => {
  const on = await openJournal(t);
  const broker = await testBroker(t);
  const sender = senderOf(t, broker);
  relay(t, on, broker);
  await publishIn(on, sender, "late", 1n, { delayMs: 1_500 });
  t.match(await outboxState(on.database), { streams: [{ waiting: 0, scheduled: 1 }] });
  const startedAtMs = performance.now();
  const ids = Array.from({ length: 10 }, (_, index) => `counter-${index}`);
  await Promise.all(
    ids.map(async (id) => {
      for (let value = 1n; value <= 40n; value++) await publishIn(on, sender, id, value);
    }),
  );
  const stored = (await inStream(broker, 401)).filter(({ counterId }) => counterId !== "late");
  t.ok(performance.now() - startedAtMs > 1_000);
  inOrder(t, stored, ids, 40);
  await isEmpty(on);
});

t.test("the outbox loses nothing and doubles nothing when all around it fails", async (t) => {
  const on = await openJournal(t);
  const server = await startNatsServer(t);
  const broker = await testBroker(t, { url: server.url });
  const sender = senderOf(t, broker);
  const stops = [relay(t, on, broker), relay(t, await on.open(), broker)];
  const ids = Array.from({ length: 20 }, (_, index) => `counter-${index}`);
  const writing = Promise.all(
    ids.map(async (id) => {
      for (let value = 1n; value <= 40n; value++) {
        for (;;) {
          // Its outcome may be unknown: the id is the same then.
          const written = await publishIn(on, sender, id, value).catch(() => undefined);
          if (written !== undefined) break;
          const [found] = await on.database
            .sql`select from outbox where message_id = ${`${id}/${value}`}`.catch(() => [{}]);
          if (found !== undefined) break;
          await sleep(20);
        }
      }
    }),
  );
  await inStream(broker, 50);
  await server.kill();
  await server.start();
  await inStream(broker, 200);
  stops.push(relay(t, await on.open(), broker));
  await stops.shift()?.();
  await cutConnections(on.schema);
  await writing;
  const stored = await inStream(broker, 800);
  await isEmpty(on);
  inOrder(t, stored, ids, 40);
});

t.test("a stream that is full holds up its own messages, and no other's", async (t) => {
  const on = await openJournal(t);
  const broker = await testBroker(t);
  const sender = senderOf(t, broker);
  const { config } = await ensureStream(broker, counterTopic);
  await broker.manager.streams.update(config.name, {
    ...config,
    max_msgs: 1,
    discard: "new" as typeof config.discard,
  });
  const { logger, lines } = recordingLogger();
  relay(t, on, broker, { logger });
  for (let value = 1n; value <= 5n; value++) await publishIn(on, sender, "a", value);
  await until(
    "it is told",
    () => lines.some(({ reason }) => /maximum messages/.test(String(reason))),
    30_000,
  );
  await broker.manager.streams.add({ name: `${broker.prefix}other`, subjects: [`${broker.prefix}other.*`] });
  await on.database.sql`
    insert into outbox (slice, stream, subject, message_id, key, body) values (1, 'other', 'other.1', 'x', 'k', 'x')`;
  await until("the other stream has its message", async () => {
    const { state } = await broker.manager.streams.info(`${broker.prefix}other`, { subjects_filter: ">" });
    return state.subjects?.[`${broker.prefix}other.1`] === 1;
  });
  t.match(
    (await outboxState(on.database)).streams.find(({ stream }) => stream !== "other"),
    { waiting: 5 },
  );
  await broker.manager.streams.update(config.name, { ...config, max_msgs: -1 });
  inOrder(t, await inStream(broker, 5), ["a"], 5);
});

t.test("publish() without a transaction resolves when stored, in the order of the calls", async (t) => {
  const broker = await testBroker(t);
  await ensureStream(broker, counterTopic);
  const sender = senderOf(t, broker);
  const ids = ["a", "b", "c"];
  await Promise.all(
    ids.flatMap((counterId) =>
      Array.from({ length: 200 }, (_, index) => sender.publish({ counterId, value: BigInt(index + 1) })),
    ),
  );
  inOrder(t, await storedChanges(broker), ids, 200);
  const id = await sender.publish({ counterId: "d", value: 1n }, { id: "mine" });
  await sender.publish({ counterId: "d", value: 1n }, { id: "mine" });
  t.equal(id, "mine");
  t.equal((await storedChanges(broker)).length, 601, "the same id is stored once");
});

t.test("publish() says what it cannot do", async (t) => {
  const server = await startNatsServer(t);
  const broker = await testBroker(t, { url: server.url });
  await ensureStream(broker, counterTopic);
  const sender = senderOf(t, broker);
  await t.rejects(sender.publish({ value: 1n }), { name: "TypeError", message: /needs its key/ });
  await t.rejects(sender.publish({ counterId: "a" }, { delayMs: 5 }), { message: /delayMs needs tx/ });
  await t.rejects(sender.publish({ counterId: "a" }, { headers: { big: "x".repeat(2_000_000) } }), {
    code: "SAMSPEL_EVENT_TOO_LARGE",
    message: /topic samspel.test.v1.CounterTopics.Changed: the server takes 1048576/,
  });
  const senders = createTopicSenders({ service: "counters", topics: new Set(), broker: () => broker });
  t.throws(() => senders.topic(MemberTopics.method.memberChanged), {
    code: "SAMSPEL_INVALID_CONFIGURATION",
    message: /does not have the topic/,
  });
  await server.kill();
  await t.rejects(sender.publish({ counterId: "a", value: 1n }, { timeoutMs: 200 }), {
    code: "SAMSPEL_BROKER_UNREACHABLE",
  });
  const waiting = sender.publish({ counterId: "a", value: 2n }, { timeoutMs: 60_000 });
  await server.start();
  await waiting;
  t.match((await storedChanges(broker)).at(-1), { value: 2n }, "one that waits is stored when NATS is back");
});
