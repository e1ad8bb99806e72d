// What an operator does to a running projection holds on all instances, and nothing is lost or doubled by it (T4).
import t from "tap";
import {
  pauseProjection,
  project,
  projectionState,
  rebuildProjection,
  resetProjection,
  resumeProjection,
  setUpProjection,
} from "../../../ts-runtime/src/projection/index.ts";
import { appendEvents, countUp, incremented } from "../../support/counter-events.ts";
import { defineCounter } from "../../support/counter.ts";
import { openJournal, type Process } from "../../support/journal.ts";
import { add, clusterOf, run, setup, sumOf, totals, upTo } from "../../support/projection.ts";
import { until } from "../../support/until.ts";

const counter = defineCounter();
const ids = Array.from({ length: 10 }, (_, index) => `counter-${index}`);
const counted = project("totals", counter, { setup, events: { incremented: add } });
const ref = ({ database }: Process): { home: Process["database"]; projection: string } => ({
  home: database,
  projection: "totals",
});

t.test(
  "pauseProjection() stops all instances before it resolves, and resumeProjection() loses nothing",
  async (t) => {
    const on = await openJournal(t);
    const other = await on.open();
    run(t, on, counted, { pageSize: 5 });
    run(t, other, counted, { pageSize: 5 });
    const writing = countUp(on.journal, ids, 60);
    for (const part of [50n, 200n, 350n]) {
      await until(`${part} are applied`, async () => (await sumOf(on.database)) >= part, 20_000);
      await pauseProjection(ref(on));
      const standing = await sumOf(on.database);
      await appendEvents(on.journal, `while-paused-${part}`, 0n, [incremented(1n)]);
      await until("an event waits", async () => (await stateOf(on)).builds[0]?.lag.events !== 0);
      t.equal(await sumOf(on.database), standing, "nothing is written behind a pause");
      await resumeProjection(ref(other));
    }
    await writing;
    await until("all are applied", async () => (await sumOf(on.database)) === 603n, 20_000);
    t.same(
      (await totals(on.database)).filter(({ id }) => id.startsWith("counter-")),
      ids.map((id) => ({ id, value: 60n, revisions: upTo(60) })),
    );
  },
);

const stateOf = (on: Process): ReturnType<typeof projectionState> =>
  projectionState({
    projection: counted,
    home: on.database,
    database: on.database,
    cluster: { leases: async () => [] },
  });

t.test(
  "resetProjection() leads to the beginning under load, on all instances, with the tables emptied",
  async (t) => {
    const on = await openJournal(t);
    const effects: string[] = [];
    const watched = project("totals", counter, {
      setup,
      events: {
        async incremented(event, context) {
          await add(event, context);
          context.afterCommit(() => effects.push(`${context.entityId}/${context.revision}`));
        },
      },
    });
    await setUpProjection({ projection: watched, home: on.database, journal: on.journal });
    run(t, on, watched, { pageSize: 5 });
    run(t, await on.open(), watched, { pageSize: 5 });
    const writing = countUp(on.journal, ids, 50);
    for (const part of [100n, 300n]) {
      await until(`${part} are applied`, async () => (await sumOf(on.database)) >= part, 20_000);
      await resetProjection({
        ...ref(on),
        journal: on.journal,
        to: { type: "beginning" },
        clear: (sql) => sql`truncate total`,
      });
    }
    await writing;
    await until("all are applied", async () => (await sumOf(on.database)) === 500n, 20_000);
    t.same(
      await totals(on.database),
      ids.map((id) => ({ id, value: 50n, revisions: upTo(50) })),
    );
    await until("all effects are done", () => new Set(effects).size === 500);
    t.equal(effects.length, 500, "what was history had its effects before");
  },
);

t.test("resetProjection() leads to a time and to a position", async (t) => {
  const on = await openJournal(t);
  const stop = run(t, on, counted);
  await countUp(on.journal, ["a"], 2);
  await until("two are applied", async () => (await sumOf(on.database)) === 2n);
  const [event] = await on.journal.readEntity({ entityType: "counter", entityId: "a", after: 1n });
  const reset = (to: Parameters<typeof resetProjection>[0]["to"]): Promise<void> =>
    resetProjection({ ...ref(on), journal: on.journal, to });
  await reset({ type: "time", time: event?.recordedAt ?? new Date(0) });
  await until("the second comes again", async () => (await sumOf(on.database)) === 3n);
  await reset({ type: "position", position: event?.position ?? { tx: 0n, sequence: 0n } });
  await appendEvents(on.journal, "a", 2n, [incremented(10n)]);
  await until("what is behind the position comes", async () => (await sumOf(on.database)) === 13n);
  await stop();
  t.same(await totals(on.database), [{ id: "a", value: 13n, revisions: "1,2,2,3" }]);
});

t.test("a projection that was reset while nobody ran it begins there", async (t) => {
  const on = await openJournal(t);
  const stop = run(t, on, counted);
  await countUp(on.journal, ids, 2);
  await until("all are applied", async () => (await sumOf(on.database)) === 20n);
  await stop();
  await resetProjection({ ...ref(on), journal: on.journal, to: { type: "beginning" } });
  t.match(await stateOf(on), { builds: [{ lag: { events: 20, isEstimate: false } }] });
  run(t, on, counted);
  await until("all came again", async () => (await sumOf(on.database)) === 40n);
  await until("nothing is behind", async () => (await stateOf(on)).builds[0]?.lag.events === 0);
});

t.test("projectionState() tells who runs what, and how far behind it is", async (t) => {
  const on = await openJournal(t);
  const cluster = clusterOf(t, on);
  const state = () =>
    projectionState({ projection: counted, home: on.database, database: on.database, cluster });
  t.same(await state(), { name: "totals", paused: false, builds: [] }, "before it was set up");
  await countUp(on.journal, ids, 3);
  const stop = run(t, on, counted);
  await until("all are applied", async () => (await sumOf(on.database)) === 30n);
  const [build] = (await state()).builds;
  t.match(build, {
    version: 1,
    generation: 1,
    state: "live",
    parked: 0,
    blocked: 0,
    lag: { events: 0, seconds: 0 },
  });
  t.same(
    build?.ranges.map(({ range }) => range),
    Array.from({ length: 16 }, (_, range) => range),
  );
  t.same([...new Set(build?.ranges.map(({ owner }) => owner))], [cluster.instance]);
  await until("its rate is told", async () => ((await state()).builds[0]?.eventsPerSecond ?? 0) > 0);
  await stop();
  await countUp(on.journal, ["later"], 4);
  const [left] = (await state()).builds;
  t.match(left, { lag: { events: 4, isEstimate: false }, ranges: [{ owner: undefined }] });
  t.ok((left?.lag.seconds ?? -1) >= 0);
  await pauseProjection(ref(on));
  t.equal((await state()).paused, true);
});

t.test("a name that no projection has is refused", async (t) => {
  const on = await openJournal(t);
  const unknown = { home: on.database, projection: "nobody" };
  const refused = { code: "SAMSPEL_INVALID_REQUEST", message: /No projection is called "nobody"/ };
  await t.rejects(pauseProjection(unknown), refused);
  await t.rejects(resumeProjection(unknown), refused);
  await t.rejects(rebuildProjection(unknown), refused);
  await t.rejects(resetProjection({ ...unknown, journal: on.journal, to: { type: "beginning" } }), refused);
});
