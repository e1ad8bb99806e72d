// Publications: from the journal to a real JetStream (T1).
import t, { type Test } from "tap";
import { rangeCount } from "../../../ts-runtime/src/cluster/index.ts";
import { comparePositions, type Journal, type Position } from "../../../ts-runtime/src/journal/index.ts";
import {
  publish,
  runPublication,
  type RunPublicationOptions,
} from "../../../ts-runtime/src/publication/index.ts";
import type { Broker } from "../../../ts-runtime/src/topic/index.ts";
import { CounterTopics } from "../../gen/samspel/test/v1/counter_pb.ts";
import { testBroker } from "../../support/broker.ts";
import { appendEvents, countUp, incremented, wasReset } from "../../support/counter-events.ts";
import { storedChanges } from "../../support/counter-topic.ts";
import { defineCounter } from "../../support/counter.ts";
import { testCluster } from "../../support/cluster.ts";
import { cutConnections, openJournal, type Process } from "../../support/journal.ts";
import { startNatsServer } from "../../support/nats-server.ts";
import { runUntilEnd } from "../../support/run-until-end.ts";
import { silentLogger as logger } from "../../support/silent-logger.ts";
import { until } from "../../support/until.ts";

const counter = defineCounter();
const changes = publish(CounterTopics.method.changed, counter, {
  incremented: ({ amount }, { entityId, state }) =>
    amount === 13n ? undefined : { counterId: entityId, value: state.value, delta: amount },
});

/** Runs the publication on a "process"; the returned function stops it. */
function run(
  t: Test,
  on: Process,
  broker: Broker,
  options: Partial<RunPublicationOptions> = {},
): () => Promise<void> {
  return runUntilEnd(t, (signal) =>
    runPublication({
      publication: changes,
      ...on,
      broker,
      cluster: testCluster(t, on.database),
      service: "counters",
      logger,
      signal,
      ...options,
    }),
  );
}

const inStream = (broker: Broker, count: number) =>
  until(`${count} messages are stored`, async () => {
    const stored = await storedChanges(broker);
    return stored.length >= count && stored;
  });

/** The least of the ranges' positions; undefined while one is not known. */
async function published(name: string, { checkpoints }: Journal): Promise<Position | undefined> {
  const positions = await checkpoints.loadRanges(`publication:${name}`);
  return positions.size < rangeCount ? undefined : [...positions.values()].toSorted(comparePositions)[0];
}

t.test("runPublication() gives each event the state of its revision, skips and moves on", async (t) => {
  const on = await openJournal(t);
  const { journal } = on;
  const to = await testBroker(t);
  await appendEvents(journal, "a", 0n, [incremented(1n), incremented(2n), wasReset, incremented(13n)]);
  await appendEvents(journal, "b", 0n, [incremented(5n)]);
  const stop = run(t, on, to, { pageSize: 2 });
  await inStream(to, 3);
  await stop();

  // Another instance goes on in the middle of an entity, and behind its newest state.
  await appendEvents(journal, "a", 4n, [wasReset, incremented(4n)]);
  await appendEvents(journal, "a", 6n, [incremented(3n), wasReset]);
  const { next } = await journal.read({ after: { tx: 0n, sequence: 0n }, limit: 8 });
  run(t, await on.open(), to);
  const stored = await inStream(to, 5);
  const facts = stored.map(({ id, value, delta }) => [id, value, delta]);
  t.same(
    facts.filter(([id]) => id === "counter/b/1"),
    [["counter/b/1", 5n, 5n]],
  );
  t.same(
    facts.filter(([id]) => id !== "counter/b/1"),
    [
      ["counter/a/1", 1n, 1n],
      ["counter/a/2", 3n, 2n],
      ["counter/a/6", 4n, 4n],
      ["counter/a/7", 7n, 3n],
    ],
  );
  await until(
    "the checkpoint is at the end",
    async () => {
      const position = await published(changes.topic.name, journal);
      return position !== undefined && position.tx >= next.tx;
    },
    30_000,
  );
  t.match(Object.fromEntries(stored[0]?.headers ?? []), {
    "ce-source": "/samspel/counters",
    "ce-type": "samspel.test.v1.CounterChanged",
    "ce-subject": "a",
    traceparent: /^00-0af765/,
  });
});

t.test(
  "runPublication() neither skips nor doubles when it dies between publishing and its checkpoint",
  async (t) => {
    const on = await openJournal(t);
    const to = await testBroker(t);
    await countUp(on.journal, ["a", "b"], 10);
    const { promise: died, resolve: dies } = Promise.withResolvers<void>();
    const dying: Journal = {
      ...on.journal,
      checkpoints: {
        ...on.journal.checkpoints,
        saveRanges: async () => {
          dies();
          throw new Error("killed before the checkpoint");
        },
      },
    };
    const stop = run(t, { ...on, journal: dying }, to, { maxWaiting: 7 });
    await died;
    await stop();
    t.ok((await storedChanges(to)).length > 0, "some are published");
    const positions = await on.journal.checkpoints.loadRanges(`publication:${changes.topic.name}`);
    t.ok(
      [...positions.values()].every(({ tx }) => tx === 0n),
      "and no checkpoint",
    );

    run(t, await on.open(), to);
    const stored = await inStream(to, 20);
    t.equal(stored.length, 20);
    const values = (id: string): readonly bigint[] =>
      stored.filter(({ counterId }) => counterId === id).map(({ value }) => value);
    t.same(
      [values("a"), values("b")],
      Array.from({ length: 2 }, () => [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n, 10n]),
    );
  },
);

t.test("runPublication() hands over at once when an instance stops", async (t) => {
  const on = await openJournal(t);
  const to = await testBroker(t);
  const stop = run(t, on, to);
  await countUp(on.journal, ["a"], 1);
  await inStream(to, 1);
  run(t, await on.open(), to);
  await stop();
  const stopped = performance.now();
  await countUp(on.journal, ["b"], 1);
  await inStream(to, 2);
  t.ok(performance.now() - stopped < 5_000, "and not after the lease's time");
});

t.test(
  "runPublication() keeps order and loses nothing when NATS is killed and connections are cut",
  async (t) => {
    const server = await startNatsServer(t);
    const on = await openJournal(t);
    const to = await testBroker(t, { url: server.url });
    run(t, on, to, { pageSize: 50 });
    const ids = Array.from({ length: 10 }, (_, index) => `counter-${index}`);
    const writing = countUp(on.journal, ids, 60);
    await inStream(to, 50);
    await server.kill();
    await server.start();
    await cutConnections(on.schema);
    await writing;
    const stored = await until(
      "all are stored",
      async () => {
        const changes = await storedChanges(to).catch(() => []);
        return changes.length >= 600 && changes;
      },
      20_000,
    );
    t.equal(stored.length, 600, "each once");
    const expected = Array.from({ length: 60 }, (_, index) => BigInt(index + 1));
    for (const id of ids) {
      const values = stored.filter(({ counterId }) => counterId === id).map(({ value }) => value);
      if (values.join() !== expected.join()) t.same(values, expected, id);
    }
    t.pass("in order");
  },
);

t.test("publish() refuses a handler of no event", (t) => {
  t.throws(
    // @ts-expect-error a misspelt case
    () => publish(CounterTopics.method.changed, counter, { incrementd: () => undefined }),
    { code: "SAMSPEL_INVALID_CONFIGURATION", message: /incrementd; .* has incremented, wasReset/ },
  );
  t.end();
});
