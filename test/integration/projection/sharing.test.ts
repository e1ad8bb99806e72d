// A projection is shared by the instances of a service, and each event counts once, whatever becomes of them (T4, T6).
import { fork } from "node:child_process";
import t from "tap";
import { createCluster } from "../../../ts-runtime/src/cluster/index.ts";
import { createJournal, startPosition } from "../../../ts-runtime/src/journal/index.ts";
import { openDatabase, type TransactionSql } from "../../../ts-runtime/src/postgres/index.ts";
import { project, runProjection, setUpProjection } from "../../../ts-runtime/src/projection/index.ts";
import { appendEvents, countUp, incremented } from "../../support/counter-events.ts";
import { defineCounter } from "../../support/counter.ts";
import { databaseUrl } from "../../support/environment.ts";
import { openJournal } from "../../support/journal.ts";
import { startPostgresProxy } from "../../support/postgres-proxy.ts";
import { add, clusterOf, run, setup, sumOf, totals, upTo } from "../../support/projection.ts";
import { runUntilEnd } from "../../support/run-until-end.ts";
import { silentLogger as logger } from "../../support/silent-logger.ts";
import { until } from "../../support/until.ts";

const counter = defineCounter();
const ids = Array.from({ length: 40 }, (_, index) => `counter-${index}`);

/** Beside the totals, a few rows that all write, in an order that makes them deadlock. */
const shared = project("totals", counter, {
  async setup(sql: TransactionSql) {
    await setup(sql);
    await sql`create table grand (part int primary key, value bigint not null)`;
    await sql`insert into grand select part, 0 from generate_series(0, 4) part`;
  },
  events: {
    async incremented(event, context) {
      await add(event, context);
      const part = Number(context.revision + BigInt(context.entityId.length)) % 5;
      await context.sql`update grand set value = value + ${event.amount} where part = ${part}`;
    },
  },
});

t.test(
  "one, four and two instances apply each event once, in order, under load",
  { timeout: 120_000 },
  async (t) => {
    const on = await openJournal(t);
    const options = { pageSize: 50 };
    const stopFirst = run(t, on, shared, options);
    let wanted = 0;
    const write = async (from: number, to: number): Promise<void> => {
      for (let revision = from; revision < to; revision++)
        await Promise.all(ids.map((id) => appendEvents(on.journal, id, BigInt(revision), [incremented(1n)])));
      wanted = to * ids.length;
    };
    const reaches = (sum: number): Promise<true> =>
      until(`${sum} are applied`, async () => (await sumOf(on.database)) >= BigInt(sum), 60_000);
    await write(0, 5);
    await reaches(50);
    const others = [await on.open(), await on.open(), await on.open()];
    const [stopSecond, , stopFourth] = others.map((other) => run(t, other, shared, options));
    const writing = write(5, 25);
    await reaches(400);
    const owners = new Set(
      (await clusterOf(t, on).leases())
        .filter(({ name }) => name.startsWith("projection:"))
        .map(({ owner }) => owner),
    );
    t.ok(owners.size > 1, `${owners.size} instances share it`);
    await stopFirst();
    await clusterOf(t, others[1] ?? on).close(); // renews nothing any more, and believes
    await reaches(600);
    await stopFourth?.();
    await writing;
    await write(25, 30);
    await reaches(wanted);
    t.same(
      await totals(on.database),
      ids.toSorted().map((id) => ({ id, value: 30n, revisions: upTo(30) })),
    );
    const [grand] = await on.database.sql<{ sum: string }[]>`select sum(value) from grand`;
    t.equal(grand?.sum, String(30 * ids.length), "rows that all write count each event once, too");
    await stopSecond?.();
  },
);

t.test("with the order of the journal, events come as they were appended, whose they are", async (t) => {
  const on = await openJournal(t);
  const ordered = project("ordered", counter, {
    order: "journal",
    setup: (sql) =>
      sql`create table seen (number bigint generated always as identity, id text not null, revision bigint not null)`,
    events: {
      incremented: (_, { sql, entityId, revision }) =>
        sql`insert into seen (id, revision) values (${entityId}, ${revision})`,
    },
  });
  const stop = run(t, on, ordered, { pageSize: 7 });
  run(t, await on.open(), ordered, { pageSize: 7 });
  const writing = countUp(on.journal, ids, 10);
  const count = async (): Promise<number> => {
    const [row] = await on.database.sql<{ count: bigint }[]>`select count(*) from seen`.catch(() => []);
    return Number(row?.count ?? 0);
  };
  await until("a part is applied", async () => (await count()) > 100, 20_000);
  await stop();
  await writing;
  await until("all is applied", async () => (await count()) === 400, 20_000);
  const { events } = await on.journal.read({ after: startPosition });
  const seen = await on.database.sql<
    { id: string; revision: bigint }[]
  >`select id, revision from seen order by number`;
  t.same(
    seen.map(({ id, revision }) => `${id}/${revision}`),
    events.map(({ entityId, revision }) => `${entityId}/${revision}`),
  );
});

t.test("commits whose answers are lost count once", { timeout: 60_000 }, async (t) => {
  const on = await openJournal(t);
  let commits = 0;
  const proxy = await startPostgresProxy(t, databaseUrl(), {
    marker: "commit",
    // A connection names its statements once: the first commit of each of the first three is lost.
    fate: () => (++commits <= 3 ? "swallow" : "pass"),
  });
  await setUpProjection({ projection: shared, home: on.database, journal: on.journal });
  const database = await openDatabase({ url: proxy.url, schema: on.schema, maxConnections: 4, logger });
  const journal = createJournal({ database });
  const cluster = createCluster({ database, instance: "proxied", logger, ttlMs: 2_000 });
  t.teardown(async () => {
    await cluster.close();
    await journal.close();
    await database.close();
  });
  runUntilEnd(t, (signal) =>
    runProjection({ projection: shared, database, journal, cluster, logger, signal, pageSize: 20 }),
  );
  await countUp(on.journal, ids, 10);
  await until("all are applied", async () => (await sumOf(on.database)) >= 400n, 50_000);
  t.equal(proxy.swallowed, 3);
  t.same(
    await totals(on.database),
    ids.toSorted().map((id) => ({ id, value: 10n, revisions: upTo(10) })),
  );
});

t.test(
  "a process that freezes in the middle of a transaction holds nobody up for long, and changes nothing when it wakes",
  { timeout: 90_000 },
  async (t) => {
    const on = await openJournal(t);
    const counted = project("totals", counter, { setup, events: { incremented: add } });
    await setUpProjection({ projection: counted, home: on.database, journal: on.journal });
    const child = fork(new URL("project-process.ts", import.meta.url), [on.schema, "frozen"], {
      execArgv: ["--conditions=samspel-source"],
    });
    t.teardown(() => child.kill("SIGKILL"));
    await countUp(on.journal, ids, 5);
    await until("the process applies", async () => (await sumOf(on.database)) === 200n, 30_000);
    const frozen = new Promise((resolve) => child.once("message", resolve));
    await appendEvents(on.journal, "frozen", 0n, [incremented(1n)]);
    await frozen;
    run(t, on, counted);
    await countUp(on.journal, ["later"], 5);
    await until("another one goes on", async () => (await sumOf(on.database)) === 206n, 40_000);
    child.kill("SIGCONT");
    await countUp(on.journal, ["awake"], 20);
    await until("all are applied", async () => (await sumOf(on.database)) >= 226n, 30_000);
    t.same(
      (await totals(on.database)).filter(
        ({ id, revisions, value }) => revisions !== upTo(Number(value)) || id === "",
      ),
      [],
    );
    t.equal(await sumOf(on.database), 226n);
  },
);
