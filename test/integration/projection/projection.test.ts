// Projections on a real Postgres (T4).
import t from "tap";
import { project, projectionChanges, setUpProjection } from "../../../ts-runtime/src/projection/index.ts";
import { appendEvents, countUp, incremented } from "../../support/counter-events.ts";
import { defineCounter } from "../../support/counter.ts";
import { cutConnections, openJournal, type Process } from "../../support/journal.ts";
import { add, clusterOf, run, setup, sumOf, totals, upTo } from "../../support/projection.ts";
import { until } from "../../support/until.ts";

const counter = defineCounter();
const ids = Array.from({ length: 10 }, (_, index) => `counter-${index}`);

const sum = (on: Process): Promise<bigint> => sumOf(on.database);
const read = (on: Process): ReturnType<typeof totals> => totals(on.database);

const counted = project("totals", counter, { setup, events: { incremented: add } });

t.test(
  "runProjection() applies each event once, in order, though connections are cut again and again",
  async (t) => {
    const on = await openJournal(t);
    run(t, on, counted, { pageSize: 20 });
    run(t, await on.open(), counted, { pageSize: 20 });
    const writing = countUp(on.journal, ids, 60);
    for (const part of [50n, 250n, 400n]) {
      await until(`${part} are applied`, async () => (await sum(on)) >= part, 20_000);
      await cutConnections(on.schema);
    }
    await writing;
    await until("all are applied", async () => (await sum(on)) >= 600n, 20_000);
    t.same(
      await read(on),
      ids.map((id) => ({ id, value: 60n, revisions: upTo(60) })),
    );
  },
);

t.test("runProjection() commits nothing under a lease that another instance has taken", async (t) => {
  const on = await openJournal(t);
  await countUp(on.journal, ["a"], 3);
  const entered = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const slow = project("totals", counter, {
    setup,
    events: {
      async incremented(event, context) {
        await add(event, { ...context, entityId: "slow" });
        entered.resolve();
        await release.promise;
      },
    },
  });
  run(t, on, slow);
  await entered.promise;
  await clusterOf(t, on).close(); // as if it were frozen: it renews nothing, and believes
  const other = await on.open();
  run(t, other, counted);
  await until("the other one has done it", async () => (await sum(on)) === 3n);
  release.resolve();
  await countUp(on.journal, ["b"], 2);
  await until("it goes on", async () => (await sum(on)) >= 5n);
  t.same(await read(on), [
    { id: "a", value: 3n, revisions: "1,2,3" },
    { id: "b", value: 2n, revisions: "1,2" },
  ]);
});

t.test("runProjection() parks the event that fails, and only it", async (t) => {
  const on = await openJournal(t);
  let attempts = 0;
  const failing = project("totals", counter, {
    setup,
    retry: { maxAttempts: 3, initialMs: 5, maxMs: 10 },
    events: {
      async incremented(event, context) {
        await add(event, context);
        if (event.amount !== 13n) return;
        attempts += 1;
        throw new RangeError("thirteen is too much");
      },
    },
  });
  await appendEvents(on.journal, "a", 0n, [incremented(1n), incremented(13n), incremented(2n)]);
  await appendEvents(on.journal, "b", 0n, [incremented(4n)]);
  run(t, on, failing);
  await until("all others are applied", async () => (await sum(on)) === 7n);
  t.same(await read(on), [
    { id: "a", value: 3n, revisions: "1,3" },
    { id: "b", value: 4n, revisions: "1" },
  ]);
  t.ok(attempts >= 3, "three times alone, and in its page");
  const parked = await on.database.sql`
    select projection, version, entity_type, entity_id, revision, attempts, error from projection_failure`;
  t.match(parked, [
    {
      projection: "totals",
      version: 1,
      entity_type: "counter",
      entity_id: "a",
      revision: 2n,
      attempts: 3,
      error: /^RangeError: thirteen is too much/,
    },
  ]);
  t.equal(parked.length, 1);
});

t.test(
  "runProjection() parks an event whose failure shows only at the commit, or cannot be stored",
  async (t) => {
    const on = await openJournal(t);
    const failing = project("totals", counter, {
      async setup(sql) {
        await setup(sql);
        await sql`create table once (amount bigint unique deferrable initially deferred)`;
      },
      retry: { maxAttempts: 2, initialMs: 5, maxMs: 10 },
      events: {
        async incremented(event, context) {
          const { sql } = context;
          await add(event, context);
          if (event.amount === 13n) await sql`insert into once values (13), (13)`;
          if (event.amount === 14n) await sql`select 1/0`.catch(() => {});
          if (event.amount === 15n) throw new RangeError("fifteen \0");
        },
      },
    });
    const amounts = [1n, 13n, 14n, 15n, 2n];
    await appendEvents(
      on.journal,
      "a",
      0n,
      amounts.map((amount) => incremented(amount)),
    );
    run(t, on, failing);
    await until("the others are applied", async () => (await sum(on)) === 3n);
    const parked = await on.database.sql`select revision, error from projection_failure order by revision`;
    t.match(parked, [
      { revision: 2n, error: /duplicate key/ },
      { revision: 3n, error: /division by zero/ },
      { revision: 4n, error: /fifteen/ },
    ]);
  },
);

t.test("runProjection() leaves an event of a newer version to a newer instance", async (t) => {
  const on = await openJournal(t);
  run(t, on, counted);
  await countUp(on.journal, ["a"], 1);
  await until("the first is applied", async () => (await sum(on)) === 1n);
  const unknown = Buffer.from([0x9a, 0x06, 0x00]); // field 99 of the event's oneof
  await on.journal.append({
    entityType: "counter",
    entityId: "a",
    expectedRevision: 1n,
    events: [{ payload: unknown }],
  });
  await appendEvents(on.journal, "a", 2n, [incremented(1n)]);
  const { sql } = on.database;
  await until("it has tried", async () => {
    const [lease] = await sql<{ epoch: bigint }[]>`
      select max(epoch) as epoch from lease where name like 'projection:totals:1#%'`;
    return (lease?.epoch ?? 0n) >= 3n;
  });
  t.equal(await sum(on), 1n, "it waits");
  t.same(await sql`select from projection_failure`, [], "and parks nothing");
});

t.test("project() takes whole pages, and a new version begins anew", async (t) => {
  const on = await openJournal(t);
  await countUp(on.journal, ["a", "b"], 5);
  const pages: number[] = [];
  const batched = (version: number) =>
    project("totals", counter, {
      version,
      rebuild: "in-place",
      async setup(sql) {
        await sql`drop table if exists total`;
        await setup(sql);
      },
      async batch(events, { sql }) {
        pages.push(events.length);
        for (const { case: kind, value, entityId } of events) {
          if (kind !== "incremented") continue;
          await sql`
            insert into total (id, value, revisions) values (${entityId}, ${value.amount * BigInt(version)}, '')
            on conflict (id) do update set value = total.value + excluded.value`;
        }
      },
    });
  const stop = run(t, on, batched(1));
  await until("version 1 is there", async () => (await sum(on)) === 10n);
  t.same(pages, [10]);
  run(t, await on.open(), batched(2));
  await stop();
  await until("version 2 is there", async () => (await sum(on)) === 20n);
  await t.rejects(setUpProjection({ projection: batched(1), home: on.database, journal: on.journal }), {
    code: "SAMSPEL_INVALID_CONFIGURATION",
    message: /Cannot run version 1 of projection totals .* current version is 2/,
  });
});

t.test("setUpProjection() makes the tables once, whoever comes first", async (t) => {
  const on = await openJournal(t);
  const others = [await on.open(), await on.open()];
  let made = 0;
  const once = project("once", counter, {
    async setup(sql) {
      made += 1;
      await sql`create table once (id int)`;
    },
    events: {},
  });
  await Promise.all(
    [on, ...others].map(({ database, journal }) =>
      setUpProjection({ projection: once, home: database, journal }),
    ),
  );
  t.equal(made, 1);
});

t.test("projectionChanges() wakes on another instance after each commit, and draws together", async (t) => {
  const on = await openJournal(t);
  const watcher = await on.open();
  await setUpProjection({ projection: counted, home: on.database, journal: on.journal });
  run(t, on, counted);
  const stop = new AbortController();
  const seen: bigint[] = [];
  const watching = (async () => {
    for await (const _ of projectionChanges(watcher.database, counted, stop.signal))
      seen.push(await sum(watcher));
  })();
  await until("it has looked at once", () => seen.length > 0);
  t.same(seen, [0n]);
  await countUp(on.journal, ["a"], 1);
  await until("it sees the first", () => seen.at(-1) === 1n);
  await countUp(on.journal, ["b"], 40);
  await until("it sees all", () => seen.at(-1) === 41n);
  await cutConnections(on.schema);
  await countUp(on.journal, ["c"], 1);
  await until("it sees on after a cut", () => seen.at(-1) === 42n);
  const turns = seen.length;
  t.ok(turns <= 80, `${turns} turns`);
  stop.abort();
  await watching;
});

t.test("projectionChanges() hears of a commit whose process died before it could say so", async (t) => {
  const on = await openJournal(t);
  const watcher = await on.open();
  await setUpProjection({ projection: counted, home: on.database, journal: on.journal });
  const stop = new AbortController();
  t.teardown(() => stop.abort());
  const changes = projectionChanges(watcher.database, counted, stop.signal);
  await changes.next();
  const die = run(t, { ...on, database: { ...on.database, wake: () => {} } }, counted);
  await countUp(on.journal, ["a"], 1);
  await until("it is committed", async () => (await sum(watcher)) === 1n);
  await die();
  const told = changes.next();
  run(t, on, counted);
  t.match(await told, { done: false });
});

t.test("setUpProjection() fails, and nothing else does, when its connection is cut", async (t) => {
  const on = await openJournal(t);
  let known = false;
  const cut = project("cut", counter, {
    async setup(sql) {
      await cutConnections(on.schema);
      await until("the news has arrived", () => known);
      await sql`create table cut (id int)`;
    },
    events: {},
  });
  const settingUp = setUpProjection({ projection: cut, home: on.database, journal: on.journal });
  settingUp.catch(() => {
    known = true;
  });
  await t.rejects(settingUp, { code: "CONNECTION_CLOSED" });
});

t.test("projectionChanges() takes one turn at the start, whoever listens already", async (t) => {
  const on = await openJournal(t);
  await setUpProjection({ projection: counted, home: on.database, journal: on.journal });
  const stop = new AbortController();
  t.teardown(() => stop.abort());
  for (const name of ["first", "second"]) {
    const changes = projectionChanges(on.database, counted, stop.signal);
    await changes.next();
    let turns = 1;
    void changes.next().then(() => (turns += 1));
    // Two rounds over the connection that listens: what it had to say at the start has been said.
    for (let round = 0; round < 2; round += 1) {
      const heard = Promise.withResolvers<void>();
      using _ = await on.database.listen(`round_${name}_${round}`, heard.resolve);
      await heard.promise;
    }
    t.equal(turns, 1, name);
  }
});
