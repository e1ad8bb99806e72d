// A query that goes on sees what is there and each change, none twice and none missing (Q1–Q3).
import t, { type Test } from "tap";
import {
  createChangeFollower,
  project,
  rebuildProjection,
  setUpProjection,
  type ChangingProjection,
} from "../../../ts-runtime/src/projection/index.ts";
import { pruneChanges } from "../../../ts-runtime/src/projection/change-log.ts";
import type { Database, TransactionSql } from "../../../ts-runtime/src/postgres/index.ts";
import { CounterChangedSchema, type CounterChanged } from "../../gen/samspel/test/v1/counter_pb.ts";
import { appendEvents, countUp, incremented } from "../../support/counter-events.ts";
import { defineCounter } from "../../support/counter.ts";
import { cutConnections, openJournal } from "../../support/journal.ts";
import { run } from "../../support/projection.ts";
import { until } from "../../support/until.ts";

const counter = defineCounter();

/** Rows that many entities write: by the last character of their ids. A change says the row's new value. */
const parts = (version: number = 1): ChangingProjection<typeof CounterChangedSchema> =>
  project("parts", counter, {
    version,
    changes: CounterChangedSchema,
    setup: (sql) =>
      sql`create table part (id text primary key, value bigint not null, version bigint not null)`,
    events: {
      async incremented({ amount }, { sql, entityId, change }) {
        const [row] = await sql<{ id: string; value: bigint; version: bigint }[]>`
          insert into part values (${entityId.slice(-1)}, ${amount}, 1)
          on conflict (id) do update set value = part.value + excluded.value, version = part.version + 1
          returning id, value, version`;
        if (row !== undefined) change({ counterId: row.id, value: row.value, delta: row.version });
      },
    },
  });

const history = (sql: TransactionSql) =>
  sql<{ counterId: string; value: bigint; delta: bigint }[]>`
    select id as "counterId", value, version as delta from part`;

interface Reader {
  /** The table, as this reader knows it. */
  readonly rows: ReadonlyMap<string, { readonly value: bigint; readonly version: bigint }>;
  readonly faults: readonly string[];
  /** How it ended, other than by its signal. */
  readonly failure: unknown;
}

/** Follows, and notes each version of a row that is not the next one. */
function follow(t: Test, home: Database, pace: () => Promise<void> | void = () => {}): Reader {
  const stop = new AbortController();
  const rows = new Map<string, { value: bigint; version: bigint }>();
  const faults: string[] = [];
  const reader = { rows, faults, failure: undefined as unknown };
  const take = ({ counterId, value, delta: version }: CounterChanged): void => {
    const known = rows.get(counterId);
    if (known !== undefined && version !== known.version + 1n)
      faults.push(`${counterId}: version ${version} behind ${known.version}`);
    rows.set(counterId, { value, version });
  };
  const reading = (async () => {
    const changes = createChangeFollower(home).historyThenLive(parts(), { history, signal: stop.signal });
    for await (const change of changes) {
      take(change);
      await pace();
    }
  })().catch((error: unknown) => {
    reader.failure = error;
  });
  t.teardown(async () => {
    stop.abort();
    await reading;
  });
  return reader;
}

const tableOf = async ({ sql }: Database): Promise<readonly (readonly [string, bigint, bigint])[]> =>
  (
    await sql<
      { id: string; value: bigint; version: bigint }[]
    >`select id, value, version from part order by id`
  ).map(({ id, value, version }) => [id, value, version] as const);

const known = ({ rows }: Reader): readonly (readonly [string, bigint, bigint])[] =>
  [...rows]
    .map(([id, { value, version }]) => [id, value, version] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));

t.test(
  "readers that join at any time, slow ones too, see each version of each row once, in order, from all writers",
  { timeout: 90_000 },
  async (t) => {
    const on = await openJournal(t);
    const others = [await on.open(), await on.open()];
    await setUpProjection({ projection: parts(), home: on.database, journal: on.journal });
    for (const process of [on, ...others]) run(t, process, parts(), { pageSize: 10 });
    const ids = Array.from({ length: 30 }, (_, index) => `counter-${index}`);
    const readers: Reader[] = [];
    const join = (): void => {
      for (const { database } of [on, ...others]) readers.push(follow(t, database));
    };
    join();
    readers.push(follow(t, on.database, () => new Promise((resolve) => setTimeout(resolve, 2))));
    for (let revision = 0n; revision < 20n; revision++) {
      await Promise.all(ids.map((id) => appendEvents(on.journal, id, revision, [incremented(1n)])));
      if (revision % 3n === 0n) join();
      if (revision === 12n) await cutConnections(on.schema);
    }
    const total = async (): Promise<bigint> =>
      (await tableOf(on.database)).reduce((sum, [, value]) => sum + value, 0n);
    await until("all are applied", async () => (await total()) === 600n, 60_000);
    const table = await tableOf(on.database);
    await until(
      "all readers have all",
      () =>
        readers.every(
          (reader) =>
            reader.failure !== undefined ||
            JSON.stringify(known(reader), text) === JSON.stringify(table, text),
        ),
      30_000,
    );
    for (const [index, reader] of readers.entries()) {
      t.equal(reader.failure, undefined, `reader ${index} goes on`);
      t.same(reader.faults, [], `reader ${index} saw each version once`);
      t.same(known(reader), table);
    }
    t.ok(readers.length > 20);
  },
);

const text = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);

t.test("a reader that is behind what is kept gets an error, and none is left out before it", async (t) => {
  const on = await openJournal(t);
  await setUpProjection({ projection: parts(), home: on.database, journal: on.journal });
  run(t, on, parts());
  await countUp(on.journal, ["a"], 3);
  await until("all are applied", async () => (await tableOf(on.database))[0]?.[1] === 3n);
  const gate = Promise.withResolvers<void>();
  const slow = follow(t, on.database, () => gate.promise);
  const quick = follow(t, on.database);
  await until("both have begun", () => slow.rows.size === 1 && quick.rows.size === 1);
  await countUp(on.journal, ["b"], 20);
  await until("the quick one has all", () => quick.rows.get("b")?.version === 20n);
  t.equal(await pruneChanges(on.database, "parts", { keepForMs: 3_600_000, keepCount: 5 }), 18);
  const kept = await on.database.sql`select from projection_change`;
  t.equal(kept.length, 5);
  gate.resolve();
  await until("the slow one has failed", () => slow.failure !== undefined);
  t.match(slow.failure, { code: "SAMSPEL_CHANGES_GONE", message: /behind what is kept/ });
  t.same(slow.faults, []);
  t.equal(slow.rows.get("b"), undefined);
  const late = follow(t, on.database);
  await until("who comes now sees all", () => late.rows.get("b")?.version === 20n);
  await appendEvents(on.journal, "b", 20n, [incremented(1n)]);
  await until(
    "and what comes",
    () => late.rows.get("b")?.version === 21n && quick.rows.get("b")?.version === 21n,
  );
  t.same([...late.faults, ...quick.faults], []);
  t.equal(await pruneChanges(on.database, "parts", { keepForMs: 1, keepCount: 100 }), 6);
});

t.test("a reader learns that the tables were built anew", async (t) => {
  const on = await openJournal(t);
  await setUpProjection({ projection: parts(), home: on.database, journal: on.journal });
  run(t, on, parts());
  await countUp(on.journal, ["a"], 3);
  const reader = follow(t, on.database);
  await until("it follows", () => reader.rows.get("a")?.version === 3n);
  await rebuildProjection({ home: on.database, projection: "parts" });
  await until("it has failed", () => reader.failure !== undefined, 20_000);
  t.match(reader.failure, { code: "SAMSPEL_CHANGES_GONE", message: /built anew/, retryable: true });
  const next = follow(t, on.database);
  await appendEvents(on.journal, "a", 3n, [incremented(1n)]);
  await until("who begins again sees all", () => next.rows.get("a")?.version === 4n);
  t.same(next.faults, []);
});

t.test("a change that is none of the projection's message parks its event", async (t) => {
  const on = await openJournal(t);
  const wrong = project("wrong", counter, {
    changes: CounterChangedSchema,
    retry: { maxAttempts: 1 },
    events: {
      // @ts-expect-error the message has no such field
      incremented: (_, { change }) => change({ colour: "red" }),
    },
  });
  run(t, on, wrong);
  await countUp(on.journal, ["a"], 1);
  const errors = async (): Promise<readonly string[]> =>
    (await on.database.sql<{ error: string }[]>`select error from projection_failure`.catch(() => [])).map(
      ({ error }) => error,
    );
  await until("it is parked", async () => (await errors()).length === 1);
  t.match(await errors(), [/has no field "colour"/]);
});
