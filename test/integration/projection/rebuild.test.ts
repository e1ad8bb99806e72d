// A projection is built anew beside the tables that serve, and takes their place (T4).
import t, { type Test } from "tap";
import {
  project,
  rebuildProjection,
  setUpProjection,
  type Projection,
} from "../../../ts-runtime/src/projection/index.ts";
import { appendEvents, countUp, incremented } from "../../support/counter-events.ts";
import { defineCounter } from "../../support/counter.ts";
import { cutConnections, openJournal, type JournalFixture, type Process } from "../../support/journal.ts";
import { add, run, setup, sumOf, totals, upTo } from "../../support/projection.ts";
import { recordingLogger } from "../../support/recording-logger.ts";
import { until } from "../../support/until.ts";

const counter = defineCounter();
const ids = Array.from({ length: 10 }, (_, index) => `counter-${index}`);

interface Versions {
  /** Is told of each effect. */
  readonly onEffect?: (version: number, event: string) => void;
  /** Holds back the second version. */
  readonly gate?: Promise<void>;
}

/** Version n multiplies by n. */
const version = (number: number, { onEffect, gate }: Versions = {}): Projection =>
  project("totals", counter, {
    version: number,
    setup,
    events: {
      async incremented({ amount }, context) {
        const { entityId, revision, rebuilding, afterCommit } = context;
        if (number > 1 && rebuilding) await gate;
        await add({ amount: amount * BigInt(number) }, context);
        afterCommit(() => onEffect?.(number, `${entityId}/${revision}`));
      },
    },
  });

const setUp = ({ database, journal }: Process, projection: Projection): Promise<void> =>
  setUpProjection({ projection, home: database, journal });

const isLive = async ({ database }: Process, number: number): Promise<boolean> => {
  const [row] = await database.sql<{ version: number; building: number | null }[]>`
    select version, building from projection`.catch(() => []);
  return row?.version === number && row.building === null;
};

async function schemasOf({ database, schema }: JournalFixture): Promise<readonly string[]> {
  const rows = await database.sql<{ name: string }[]>`
    select nspname as name from pg_namespace where starts_with(nspname, ${schema}) order by 1`;
  return rows.map(({ name }) => name);
}

const expectTotals = async (t: Test, on: Process, times: number, factor: bigint): Promise<void> => {
  t.same(
    await totals(on.database),
    ids.map((id) => ({ id, value: BigInt(times) * factor, revisions: upTo(times) })),
  );
};

t.test("a new version is built while the old one serves and goes on, and takes over whole", async (t) => {
  const on = await openJournal(t);
  const newer = await on.open();
  const effects: string[] = [];
  const onEffect = (number: number, event: string): void => void effects.push(`${event} by ${number}`);
  const gate = Promise.withResolvers<void>();
  await setUp(on, version(1)); // what comes before it is history, without effects
  run(t, on, version(1, { onEffect }), { pageSize: 7 });
  await countUp(on.journal, ids, 10);
  await until("version 1 is there", async () => (await sumOf(on.database)) === 100n);

  run(t, newer, version(2, { onEffect, gate: gate.promise }), { pageSize: 13 });
  await until("version 2 is being built", async () => (await schemasOf(on)).length === 2);
  const writing = (async () => {
    for (let revision = 10n; revision < 40n; revision++)
      await Promise.all(ids.map((id) => appendEvents(on.journal, id, revision, [incremented(1n)])));
  })();
  await until("the old one goes on", async () => (await sumOf(on.database)) >= 150n);
  t.notOk(await isLive(on, 2));
  gate.resolve();
  let least = 0n;
  await until(
    "version 2 is live",
    async () => {
      // No reader sees an older state, or one of both.
      const sum = (await totals(on.database)).reduce((sum, { value, revisions }) => {
        const count = BigInt(revisions.split(",").length);
        if (value !== count && value !== count * 2n) t.fail(`${value} of ${count} events`);
        return sum + count;
      }, 0n);
      if (sum < least) t.fail(`went back from ${least} to ${sum} events`);
      least = sum;
      return isLive(on, 2);
    },
    30_000,
  );
  await writing;
  await until("all is applied", async () => (await sumOf(on.database)) === 800n, 20_000);
  await expectTotals(t, on, 40, 2n);
  t.equal((await schemasOf(on)).length, 1, "nothing is left of the building site");
  await until("all effects are done", () => effects.length >= 400);
  const times = new Map<string, number>();
  for (const effect of effects) {
    const [event = ""] = effect.split(" ");
    times.set(event, (times.get(event) ?? 0) + 1);
  }
  t.equal(times.size, 400, "each event had its effect");
  t.same(
    [...times.values()].filter((count) => count !== 1),
    [],
    "once, by the one that was live then",
  );
  t.ok(effects.some((effect) => effect.endsWith("by 1")));
});

t.test("a rebuild survives cut connections in the middle of everything", async (t) => {
  const on = await openJournal(t);
  const newer = await on.open();
  await countUp(on.journal, ids, 20);
  run(t, on, version(1), { pageSize: 11 });
  await until("version 1 is there", async () => (await sumOf(on.database)) === 200n);
  run(t, newer, version(2), { pageSize: 11 });
  const writing = (async () => {
    for (let revision = 20n; revision < 60n; revision++)
      await Promise.all(ids.map((id) => appendEvents(on.journal, id, revision, [incremented(1n)])));
  })();
  for (let cuts = 0; cuts < 6; cuts++) {
    const before = await sumOf(on.database);
    await cutConnections(on.schema);
    await until("it goes on", async () => before >= 600n || (await sumOf(on.database)) > before, 20_000);
  }
  await writing;
  await until(
    "version 2 is live and has all",
    async () => (await isLive(on, 2)) && (await sumOf(on.database)) === 1_200n,
    40_000,
  );
  await expectTotals(t, on, 60, 2n);
});

t.test(
  "a new version takes over where no instance of the old one is left, and does what that had left",
  async (t) => {
    const on = await openJournal(t);
    const effects: string[] = [];
    const onEffect = (number: number, event: string): void => void effects.push(`${event} by ${number}`);
    await setUp(on, version(1));
    const stop = run(t, on, version(1, { onEffect }));
    await countUp(on.journal, ["a"], 3);
    await until("version 1 has done it", () => effects.length === 3);
    await stop();
    await appendEvents(on.journal, "a", 3n, [incremented(1n)]);
    run(t, on, version(2, { onEffect }));
    await until(
      "version 2 has all",
      async () => (await isLive(on, 2)) && (await sumOf(on.database)) === 8n,
      20_000,
    );
    await until("its effect is done", () => effects.length === 4);
    t.same(effects, ["a/1 by 1", "a/2 by 1", "a/3 by 1", "a/4 by 2"]);
  },
);

t.test("rebuildProjection() builds the same version anew", async (t) => {
  const on = await openJournal(t);
  await countUp(on.journal, ids, 5);
  run(t, on, version(1));
  await until("it is there", async () => (await sumOf(on.database)) === 50n);
  await on.database.sql`update total set value = 99`;
  await rebuildProjection({ home: on.database, projection: "totals" });
  await until("it is right again", async () => (await sumOf(on.database)) === 50n, 20_000);
  await expectTotals(t, on, 5, 1n);
  await appendEvents(on.journal, "counter-0", 5n, [incremented(1n)]);
  await until("it goes on", async () => (await sumOf(on.database)) === 51n);
});

t.test("a newer version throws away what is being built", async (t) => {
  const on = await openJournal(t);
  await countUp(on.journal, ids, 2);
  const stop = run(t, on, version(1));
  await until("version 1 is there", async () => (await sumOf(on.database)) === 20n);
  const never = Promise.withResolvers<void>();
  const second = await on.open();
  const stopSecond = run(t, second, version(2, { gate: never.promise }));
  await until("version 2 is being built", async () => (await schemasOf(on)).length === 2);
  run(t, await on.open(), version(3));
  never.resolve();
  await until(
    "version 3 is live",
    async () => (await isLive(on, 3)) && (await sumOf(on.database)) === 60n,
    20_000,
  );
  t.equal((await schemasOf(on)).length, 1);
  await Promise.all([stop(), stopSecond()]);
});

t.test("a build that cannot take over leaves the old tables serving, and tells why", async (t) => {
  const on = await openJournal(t);
  const { logger, lines } = recordingLogger();
  await countUp(on.journal, ids, 2);
  run(t, on, version(1));
  await until("version 1 is there", async () => (await sumOf(on.database)) === 20n);
  await on.database.sql`create view report as select sum(value) from total`;
  run(t, await on.open(), version(2), { logger });
  await until(
    "it has tried",
    () => lines.some(({ message }) => message.includes("cannot take over")),
    20_000,
  );
  t.equal(await sumOf(on.database), 20n, "the old one serves");
  await on.database.sql`drop view report`;
  await until("version 2 is live", () => isLive(on, 2), 20_000);
  t.equal(await sumOf(on.database), 40n);
});

t.test("setUpProjection() refuses another order under the same version", async (t) => {
  const on = await openJournal(t);
  const ordered = (order: "entity" | "journal") => project("totals", counter, { setup, order, events: {} });
  await setUp(on, ordered("entity"));
  await setUp(on, ordered("entity"));
  await t.rejects(setUp(on, ordered("journal")), {
    code: "SAMSPEL_INVALID_CONFIGURATION",
    message: /must stay as it was, "entity": current value is "journal"/,
  });
});

t.test("a build takes over types, views, functions and sequences with its tables", async (t) => {
  const on = await openJournal(t);
  const rich = (number: number) =>
    project("rich", counter, {
      version: number,
      async setup(sql) {
        await sql`create type kind as enum ('small', 'large')`;
        await sql`create sequence ticket`;
        await sql`create table entry (id int generated always as identity primary key, kind kind not null, ticket bigint default nextval('ticket'))`;
        await sql`create table part (entry int references entry, note text) partition by list (note)`;
        await sql`create table part_a partition of part for values in ('a')`;
        await sql`create view large as select * from entry where kind = 'large'`;
        await sql`create function twice(n int) returns int language sql as 'select 2 * n'`;
      },
      events: { incremented: (_, { sql }) => sql`insert into entry (kind) values ('large')` },
    });
  await countUp(on.journal, ["a"], 3);
  const stop = run(t, on, rich(1));
  const seen = async (): Promise<string> => {
    const [row] = await on.database.sql<{ seen: string }[]>`
      select count(*) || '/' || twice(2) || '/' || (select count(*) from part) as seen from large`.catch(
      () => [],
    );
    return row?.seen ?? "";
  };
  await until("it is there", async () => (await seen()) === "3/4/0");
  await stop();
  run(t, on, rich(2));
  await until("version 2 is live", () => isLive(on, 2), 20_000);
  t.equal(await seen(), "3/4/0");
  await appendEvents(on.journal, "a", 3n, [incremented(1n)]);
  await until("it goes on", async () => (await seen()) === "4/4/0");
  t.equal((await schemasOf(on)).length, 1);
});

t.test("a version that is mended takes over from one that an event blocks", async (t) => {
  const on = await openJournal(t);
  const blocked = project("totals", counter, {
    setup,
    onFailure: "block",
    retry: { maxAttempts: 1, initialMs: 5, maxMs: 10 },
    events: {
      async incremented(event, context) {
        if (event.amount === 13n) throw new RangeError("thirteen is too much");
        await add(event, context);
      },
    },
  });
  run(t, on, blocked);
  await appendEvents(on.journal, "a", 0n, [incremented(1n), incremented(13n), incremented(1n)]);
  await until("the first is applied", async () => (await sumOf(on.database)) === 1n);
  run(t, await on.open(), version(2));
  await until(
    "version 2 has all",
    async () => (await isLive(on, 2)) && (await sumOf(on.database)) === 30n,
    20_000,
  );
  t.same(await totals(on.database), [{ id: "a", value: 30n, revisions: "1,2,3" }]);
});
