// What a publication is made of: several sources, several messages of an event, and what it keeps in order.
import t from "tap";
import {
  from,
  publish,
  publicationProgress,
  runPublication,
} from "../../../ts-runtime/src/publication/index.ts";
import type { Publication } from "../../../ts-runtime/src/publication/index.ts";
import { CounterTopics } from "../../gen/samspel/test/v1/counter_pb.ts";
import { testBroker } from "../../support/broker.ts";
import { testCluster } from "../../support/cluster.ts";
import { appendEvents, countUp, incremented, wasReset } from "../../support/counter-events.ts";
import { storedChanges } from "../../support/counter-topic.ts";
import { defineCounter } from "../../support/counter.ts";
import { openJournal } from "../../support/journal.ts";
import { defineMember, serveMembers } from "../../support/member.ts";
import { recordingLogger } from "../../support/recording-logger.ts";
import { runUntilEnd } from "../../support/run-until-end.ts";
import { until } from "../../support/until.ts";

const counter = defineCounter();
const member = defineMember();
const { changed } = CounterTopics.method;

async function start(t: Test, publication: Publication) {
  const on = await openJournal(t);
  const broker = await testBroker(t);
  const { logger, lines } = recordingLogger();
  const cluster = testCluster(t, on.database);
  const stop = runUntilEnd(t, (signal) =>
    runPublication({ publication, ...on, cluster, broker, service: "counters", logger, signal }),
  );
  const stored = (count: number) =>
    until(
      `${count} messages are stored`,
      async () => {
        const all = await storedChanges(broker).catch(() => []);
        return all.length >= count && all;
      },
      30_000,
    );
  return { ...on, broker, lines, stop, stored };
}

type Test = Parameters<typeof openJournal>[0];

t.test(
  "publish() takes several sources, and several messages of an event with ids of their own",
  async (t) => {
    const publication = publish(changed, [
      from(counter, {
        incremented: ({ amount }, { entityId, state }) => [
          { counterId: entityId, value: state.value, delta: amount },
          { counterId: entityId, value: -state.value, delta: amount },
        ],
        wasReset: () => [],
      }),
      from(member, { registered: (_, { entityId }) => ({ counterId: entityId, value: 7n }) }),
    ]);
    const { journal, database, stored } = await start(t, publication);
    await appendEvents(journal, "a", 0n, [incremented(3n), wasReset]);
    await serveMembers(t, { journal, database }).register("m", "Bo");
    const all = await stored(3);
    t.same(
      all.filter(({ counterId }) => counterId === "a").map(({ id, value }) => [id, value]),
      [
        ["counter/a/1", 3n],
        ["counter/a/1/1", -3n],
      ],
    );
    t.same(
      all.filter(({ counterId }) => counterId === "m").map(({ id, value }) => [id, value]),
      [["member/m/1", 7n]],
    );
    t.throws(() => publish(changed, [from(counter, {}), from(counter, {})]), {
      message: /Entity counter stands twice/,
    });
  },
);

t.test("publish() refuses a key that is not the entity's id, which would not be in order (T1)", async (t) => {
  const handlers = {
    incremented: ({ amount }: { amount: bigint }, { entityId }: { entityId: string }) => ({
      counterId: amount === 1n ? "shared" : entityId,
      value: amount,
    }),
  };
  const { journal, database, stored, lines, stop } = await start(t, publish(changed, counter, handlers));
  await appendEvents(journal, "a", 0n, [incremented(1n)]);
  const line = await until("it is told", () => lines.find(({ level }) => level === "error"));
  t.match(line, {
    message: /PUBLICATION BLOCKED/,
    entityId: "a",
    revision: "1",
    err: { message: /counterId is "shared" and not the entity's id.* order: "journal"/ },
  });
  // Another range goes on (P5).
  await countOther(journal);
  t.same(
    (await stored(1)).map(({ counterId }) => counterId),
    ["other"],
  );
  const progress = await until("the lag is told", async () => {
    const progress = await publicationProgress({
      database,
      publication: publish(changed, counter, handlers),
    });
    return progress.lagEvents === 1 && progress;
  });
  t.equal(progress.ranges.length, 16);
  t.equal(progress.ranges.filter(({ lagEvents }) => lagEvents > 0).length, 1);
  t.ok(progress.lagMs > 0 && progress.ranges.every(({ owner }) => owner?.startsWith("test/")));
  await stop();
});

const countOther = (journal: Parameters<typeof appendEvents>[0]) =>
  appendEvents(journal, "other", 0n, [incremented(2n)]);

t.test('order: "journal" keeps the order of a key that several entities share', async (t) => {
  const publication = publish(
    changed,
    counter,
    { incremented: ({ amount }) => ({ counterId: "shared", value: amount }) },
    { order: "journal" },
  );
  const { journal, stored, database } = await start(t, publication);
  const expected: bigint[] = [];
  const last = new Map<string, bigint>();
  for (let value = 1n; value <= 200n; value++) {
    const id = `counter-${value % 7n}`;
    await appendEvents(journal, id, last.get(id) ?? 0n, [incremented(value)]);
    last.set(id, (last.get(id) ?? 0n) + 1n);
    expected.push(value);
  }
  t.same(
    (await stored(200)).map(({ value }) => value),
    expected,
  );
  const progress = await until("nothing is left", async () => {
    const progress = await publicationProgress({ database, publication });
    return progress.lagEvents === 0 && progress;
  });
  t.equal(progress.ranges.length, 1);
});

t.test('order: "entity" shares the work and keeps the order of each entity', async (t) => {
  const publication = publish(
    changed,
    counter,
    {
      incremented: (_, { entityId, state }) => ({
        counterId: `${state.value % 3n}`,
        value: state.value,
        delta: BigInt(entityId),
      }),
    },
    { order: "entity" },
  );
  const { journal, stored } = await start(t, publication);
  await countUp(journal, ["1", "2", "3", "4"], 30);
  const all = await stored(120);
  for (const id of [1n, 2n, 3n, 4n]) {
    const values = all.filter(({ delta }) => delta === id).map(({ value }) => value);
    t.same(
      values,
      Array.from({ length: 30 }, (_, index) => BigInt(index + 1)),
    );
  }
});

t.test('onFailure: "skip" leaves an event out, loudly, and goes on', async (t) => {
  const publication = publish(
    changed,
    counter,
    {
      incremented({ amount }, { entityId }) {
        if (amount === 2n) throw new Error("planned");
        return { counterId: entityId, value: amount };
      },
    },
    { onFailure: "skip" },
  );
  const { journal, stored, lines } = await start(t, publication);
  await appendEvents(journal, "a", 0n, [incremented(1n), incremented(2n), incremented(3n)]);
  t.same(
    (await stored(2)).map(({ value }) => value),
    [1n, 3n],
  );
  t.match(
    lines.filter(({ level }) => level === "error"),
    [{ message: /NOT PUBLISHED/, entityType: "counter", entityId: "a", revision: "2" }],
  );
});

t.test("a message that is too large for the server blocks its range, and says so", async (t) => {
  const publication = publish(
    changed,
    counter,
    { incremented: ({ amount }, { entityId }) => ({ counterId: entityId, value: amount }) },
    { headers: (_, { revision }) => (revision === 2n ? { large: "x".repeat(2_000_000) } : {}) },
  );
  const { journal, stored, lines } = await start(t, publication);
  await appendEvents(journal, "a", 0n, [incremented(1n), incremented(2n), incremented(3n)]);
  const line = await until("it is told", () => lines.find(({ level }) => level === "error"), 30_000);
  t.match(line, { entityId: "a", revision: "2", err: { message: /bytes, and the server takes 1048576/ } });
  t.equal((await stored(1)).length, 1);
});
