// Publishing to a stream that three servers replicate, which has one message for each fence in process (F4).
import t from "tap";
import { publish, runPublication } from "../../../ts-runtime/src/publication/index.ts";
import { ensureStream } from "../../../ts-runtime/src/topic/index.ts";
import { CounterTopics } from "../../gen/samspel/test/v1/counter_pb.ts";
import { testBroker } from "../../support/broker.ts";
import { testCluster } from "../../support/cluster.ts";
import { appendEvents, countUp, incremented } from "../../support/counter-events.ts";
import { counterTopic, storedChanges } from "../../support/counter-topic.ts";
import { defineCounter } from "../../support/counter.ts";
import { openJournal } from "../../support/journal.ts";
import { startNatsCluster } from "../../support/nats-cluster.ts";
import { recordingLogger } from "../../support/recording-logger.ts";
import { runUntilEnd } from "../../support/run-until-end.ts";
import { until } from "../../support/until.ts";

const changes = publish(CounterTopics.method.changed, defineCounter(), {
  incremented: ({ amount }, { entityId, state }) => ({
    counterId: entityId,
    value: state.value,
    delta: amount,
  }),
});

t.test("a replicated stream takes many messages at once, in order, also when its leader dies", async (t) => {
  const cluster = await startNatsCluster(t);
  const on = await openJournal(t);
  const broker = await testBroker(t, { url: cluster.url });
  const { config } = await ensureStream(broker, counterTopic);
  await broker.manager.streams.update(config.name, { ...config, num_replicas: 3 });
  await until(
    "its replicas are there",
    async () => {
      const info = await broker.manager.streams.info(config.name);
      return info.cluster?.replicas?.length === 2 && info.cluster.replicas.every(({ current }) => current);
    },
    60_000,
  );
  // All at once, so that many are in flight.
  const ids = Array.from({ length: 100 }, (_, index) => `counter-${index}`);
  await countUp(on.journal, ids, 10);
  const { logger, lines } = recordingLogger();
  runUntilEnd(t, (signal) =>
    runPublication({
      publication: changes,
      ...on,
      cluster: testCluster(t, on.database),
      broker,
      service: "counters",
      logger,
      signal,
    }),
  );
  const stored = (count: number) =>
    until(
      `${count} messages are stored`,
      async () => {
        const all = await storedChanges(broker).catch(() => []);
        return all.length >= count && all;
      },
      120_000,
    );
  await stored(1_000);
  const { state } = await broker.manager.streams.info(config.name, { subjects_filter: "fence.>" });
  const fences = Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0);
  t.equal(fences, 16 * 16, "no lane had to be taken anew");
  t.same(
    lines.filter(({ level }) => level === "warn" || level === "error"),
    [],
    "without a refusal",
  );
  const { cluster: placed } = await broker.manager.streams.info(config.name);
  const write = async (): Promise<void> => {
    for (let revision = 10n; revision < 20n; revision++) {
      await Promise.all(ids.map((id) => appendEvents(on.journal, id, revision, [incremented(1n)])));
    }
  };
  const writing = write();
  await cluster.servers.find(({ name }) => name === placed?.leader)?.kill();
  await writing;
  const all = await stored(2_000);
  t.equal(all.length, 2_000, "each once");
  const expected = Array.from({ length: 20 }, (_, index) => BigInt(index + 1)).join();
  for (const id of ids) {
    const values = all.filter(({ counterId }) => counterId === id).map(({ value }) => value);
    if (values.join() !== expected) t.same(values.join(), expected, id);
  }
});
