// Who lost its lease publishes nothing, whatever it believes; and who holds it goes on through all that may happen.
import { join } from "node:path";
import { superviseProcesses } from "samspel/process";
import t, { type Test } from "tap";
import { SamspelError } from "../../../ts-runtime/src/errors/index.ts";
import type { Journal } from "../../../ts-runtime/src/journal/index.ts";
import { publish, runPublication } from "../../../ts-runtime/src/publication/index.ts";
import {
  createPublisher,
  ensureStream,
  sureOf,
  takeLanes,
  type Broker,
  type PublishOutcome,
} from "../../../ts-runtime/src/topic/index.ts";
import { CounterTopics } from "../../gen/samspel/test/v1/counter_pb.ts";
import { testBroker } from "../../support/broker.ts";
import { testCluster } from "../../support/cluster.ts";
import { appendEvents, countUp, incremented } from "../../support/counter-events.ts";
import {
  changed,
  counterTopic,
  sendAll,
  storedChanges,
  type StoredChange,
} from "../../support/counter-topic.ts";
import { defineCounter } from "../../support/counter.ts";
import { databaseUrl } from "../../support/environment.ts";
import { openJournal, type Process } from "../../support/journal.ts";
import { startNatsServer } from "../../support/nats-server.ts";
import { recordingLogger } from "../../support/recording-logger.ts";
import { runUntilEnd } from "../../support/run-until-end.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { until } from "../../support/until.ts";

const counter = defineCounter();
const changes = publish(CounterTopics.method.changed, counter, {
  incremented: ({ amount }, { entityId, state }) => ({
    counterId: entityId,
    value: state.value,
    delta: amount,
  }),
});

const run = (t: Test, on: Process, broker: Broker, logger = silentLogger) =>
  runUntilEnd(t, (signal) =>
    runPublication({
      publication: changes,
      ...on,
      cluster: testCluster(t, on.database, { logger }),
      broker,
      service: "counters",
      logger,
      signal,
    }),
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

/** Each counter counts from 1 to `times` in the stream, in order and once. */
function inOrder(t: Test, stored: readonly StoredChange[], ids: readonly string[], times: number): void {
  t.equal(stored.length, ids.length * times, "each once");
  const expected = Array.from({ length: times }, (_, index) => BigInt(index + 1)).join();
  for (const id of ids) {
    const values = stored.filter(({ counterId }) => counterId === id).map(({ value }) => value);
    if (values.join() !== expected) t.same(values.join(), expected, id);
  }
}

const lanesOf = (broker: Broker, confirm: () => Promise<unknown> = async () => {}) =>
  takeLanes({
    broker,
    stream: "samspel_test_v1_CounterTopics_Changed",
    names: ["counters.publication.3"],
    confirm,
    signal: new AbortController().signal,
  });

const leaseLost = async (): Promise<void> => {
  throw new SamspelError("SAMSPEL_LEASE_LOST", "somebody else has it");
};

t.test("a former holder of a lane stores nothing, even when its id is forgotten (F1)", async (t) => {
  const broker = await testBroker(t);
  await ensureStream(broker, counterTopic);
  let isHolder = true;
  const [former] = await lanesOf(broker, () => (isHolder ? Promise.resolve() : leaseLost()));
  using one = createPublisher(broker);
  const send = (publisher: typeof one, lane: typeof former, revision: number) =>
    new Promise<PublishOutcome>((resolve) => {
      publisher.send(changed(broker.prefix, "a", revision), lane, resolve);
    });
  t.match(await send(one, former, 1), { type: "stored" });

  isHolder = false;
  const [next] = await lanesOf(broker);
  t.match(await send(one, former, 2), { type: "given up", reason: /somebody else/ });
  using other = createPublisher(broker);
  t.match(await send(other, next, 2), { type: "stored" });
  t.same(
    (await storedChanges(broker)).map(({ value }) => value),
    [1n, 2n],
  );
  await t.rejects(lanesOf(broker, leaseLost), { code: "SAMSPEL_LEASE_LOST" }, "nor takes it again (F2)");
  t.match(await send(other, next, 3), { type: "stored" }, "which does not disturb the holder");
});

t.test("a holder whose fence was dropped by the stream's limits takes its lane anew (F3)", async (t) => {
  const broker = await testBroker(t);
  const { config } = await ensureStream(broker, counterTopic);
  const [lane] = await lanesOf(broker);
  await broker.manager.streams.purge(config.name);
  using publisher = createPublisher(broker);
  const outcome = await new Promise<PublishOutcome>((resolve) => {
    publisher.send(changed(broker.prefix, "a", 1), lane, resolve);
  });
  t.match(outcome, { type: "stored" });
});

t.test("messages whose acks were lost for longer than ids are known are not stored twice (P5)", async (t) => {
  const broker = await testBroker(t);
  const { config } = await ensureStream(broker, counterTopic);
  const windowMs = 100;
  const { config: updated } = await broker.manager.streams.update(config.name, {
    ...config,
    duplicate_window: windowMs * 1_000_000,
  });
  let losesAcks = true;
  const connection = new Proxy(broker.connection, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (name === "subscribe") {
        const subscribe: typeof target.subscribe = (subject, { callback, ...options } = {}) =>
          target.subscribe(subject, {
            ...options,
            callback: (error, message) => {
              if (!losesAcks) callback?.(error, message);
            },
          });
        return subscribe;
      }
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const lossy = { ...broker, connection, isConnected: true };
  using publisher = createPublisher(lossy, { ackTimeoutMs: 500, sure: sureOf(broker, updated) });
  const ids = Array.from({ length: 20 }, (_, index) => `counter-${index}`);
  const sent = sendAll(
    publisher,
    [1, 2].flatMap((revision) => ids.map((id) => changed(broker.prefix, id, revision))),
  );
  await inStream(broker, 20);
  losesAcks = false;
  await sent;
  inOrder(t, await storedChanges(broker), ids, 2);
});

t.test("what a dead process stored is not stored again, also when its ids are forgotten", async (t) => {
  const on = await openJournal(t);
  const broker = await testBroker(t);
  const { config } = await ensureStream(broker, counterTopic);
  await broker.manager.streams.update(config.name, { ...config, duplicate_window: 100_000_000 });
  const dead = Promise.withResolvers<void>();
  const journal: Journal = {
    ...on.journal,
    checkpoints: { ...on.journal.checkpoints, saveRanges: () => dead.promise },
  };
  const ids = ["a", "b", "c", "d", "e"];
  await countUp(on.journal, ids, 4);
  // It dies without a word: nothing of it is awaited.
  const dying = new AbortController();
  t.teardown(async () => {
    dying.abort();
    dead.reject(new Error("dead"));
    await dyingRun;
  });
  const cluster = testCluster(t, on.database, { ttlMs: 500 });
  const dyingRun = runPublication({
    publication: changes,
    ...on,
    journal,
    cluster,
    broker,
    service: "counters",
    logger: silentLogger,
    signal: dying.signal,
  });
  const before = await inStream(broker, 20);
  await cluster.close();
  await until("its ids are forgotten", () => {
    const times = before.map(({ headers }) => headers.get("ce-time") ?? "").toSorted();
    return Date.now() - Date.parse(times.at(-1) ?? "") > 1_000;
  });
  run(t, await on.open(), broker);
  for (const id of ids) await appendEvents(on.journal, id, 4n, [incremented(1n)]);
  inOrder(t, await inStream(broker, 25), ids, 5);
  t.equal((await storedChanges(broker)).length, 25);
});

t.test("a process that is frozen while another takes over publishes nothing when it wakes", async (t) => {
  const on = await openJournal(t);
  const broker = await testBroker(t);
  const supervisor = superviseProcesses();
  t.teardown(() => supervisor.stop());
  const child = await supervisor.start({
    name: "publisher",
    command: process.execPath,
    args: ["--conditions=samspel-source", join(import.meta.dirname, "fixtures/publisher-main.ts")],
    env: {
      PATH: process.env["PATH"],
      TEST_DATABASE_URL: databaseUrl(),
      TEST_NATS_URL: process.env["TEST_NATS_URL"],
      TEST_SCHEMA: on.schema,
      TEST_PREFIX: broker.prefix,
    },
  });
  const lines: string[] = [];
  child.onLine(({ text }) => lines.push(text));
  const ids = Array.from({ length: 20 }, (_, index) => `counter-${index}`);
  const writing = countUp(on.journal, ids, 30);
  await inStream(broker, 100);
  process.kill(child.pid, "SIGSTOP");
  await writing;
  // None of these can be published by the frozen one.
  for (let revision = 30n; revision < 60n; revision++) {
    await Promise.all(ids.map((id) => appendEvents(on.journal, id, revision, [incremented(1n)])));
  }
  run(t, await on.open(), broker);
  const before = await inStream(broker, 1_200);
  process.kill(child.pid, "SIGCONT");
  await until("the frozen one knows", () => lines.some((line) => line.includes("lease lost")), 60_000);
  for (const id of ids) await appendEvents(on.journal, id, 60n, [incremented(1n)]);
  const stored = await inStream(broker, 1_220);
  t.equal(before.length, 1_200);
  inOrder(t, stored, ids, 61);
});

t.test("instances that come and go under load lose nothing, double nothing and keep the order", async (t) => {
  const on = await openJournal(t);
  const broker = await testBroker(t);
  const ids = Array.from({ length: 30 }, (_, index) => `counter-${index}`);
  const stops = [run(t, on, broker), run(t, await on.open(), broker)];
  const writing = countUp(on.journal, ids, 80);
  for (let round = 0; round < 6; round++) {
    await inStream(broker, round * 300);
    stops.push(run(t, await on.open(), broker));
    await stops.shift()?.();
  }
  await writing;
  inOrder(t, await inStream(broker, ids.length * 80), ids, 80);
});

t.test("a stream that is full holds publishing back, and all comes when there is room", async (t) => {
  const on = await openJournal(t);
  const broker = await testBroker(t);
  const { config } = await ensureStream(broker, counterTopic);
  await broker.manager.streams.update(config.name, {
    ...config,
    max_msgs: 40,
    discard: "new" as typeof config.discard,
  });
  const { logger, lines } = recordingLogger();
  const ids = ["a", "b", "c", "d"];
  await countUp(on.journal, ids, 20);
  run(t, on, broker, logger);
  await until(
    "it is an error in the log",
    () => lines.some(({ level, reason }) => level === "error" && /maximum messages/.test(String(reason))),
    60_000,
  );
  await broker.manager.streams.update(config.name, { ...config, max_msgs: -1 });
  inOrder(t, await inStream(broker, 80), ids, 20);
});

t.test("a stream that is deleted is made again, and publishing goes on", async (t) => {
  const on = await openJournal(t);
  const broker = await testBroker(t);
  await appendEvents(on.journal, "a", 0n, [incremented(1n)]);
  run(t, on, broker);
  await inStream(broker, 1);
  const { config } = await ensureStream(broker, counterTopic);
  await broker.manager.streams.delete(config.name);
  await appendEvents(on.journal, "a", 1n, [incremented(1n), incremented(1n)]);
  const stored = await inStream(broker, 2);
  t.same(
    stored.map(({ value }) => value),
    [2n, 3n],
  );
});

t.test("what is stored is not published again where its checkpoint could not be saved", async (t) => {
  const on = await openJournal(t);
  const server = await startNatsServer(t);
  const broker = await testBroker(t, { url: server.url });
  // So that nothing is dropped as a duplicate.
  const { config } = await ensureStream(broker, counterTopic);
  await broker.manager.streams.update(config.name, { ...config, duplicate_window: 100_000_000 });
  let failing = true;
  const journal: Journal = {
    ...on.journal,
    checkpoints: {
      ...on.journal.checkpoints,
      saveRanges: async (...given) => {
        if (failing) throw new Error("planned");
        await on.journal.checkpoints.saveRanges(...given);
      },
    },
  };
  const { logger, lines } = recordingLogger();
  run(t, { ...on, journal }, broker, logger);
  await countUp(on.journal, ["a", "b"], 5);
  await inStream(broker, 10);
  await until(
    "it began again several times",
    () => lines.filter(({ message }) => message.includes("starts again")).length >= 3,
  );
  failing = false;
  await countUp(on.journal, ["c"], 5);
  inOrder(t, await inStream(broker, 15), ["a", "b", "c"], 5);
});
