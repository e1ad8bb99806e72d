// A statement that failed, or was cut off, in the middle of its rows, and the next one of its connection.
import postgres from "postgres";
import t from "tap";
import { openDatabase } from "../../../ts-runtime/src/postgres/index.ts";
import { databaseUrl } from "../../support/environment.ts";
import { testSchema } from "../../support/isolation.ts";
import { cutConnections } from "../../support/journal.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { until } from "../../support/until.ts";

const failing = "select 1 / (40 - n) as part, repeat('x', 1000) as filler from generate_series(1, 50) n";

t.test("the driver by itself loses the first row behind a statement that failed in its rows", async (t) => {
  // Where this fails, the driver is mended, and what mends it here can go.
  const sql = postgres(databaseUrl(), { max: 1, onnotice: () => {} });
  t.teardown(() => sql.end());
  await t.rejects(sql.unsafe(failing));
  const rows = await sql`select 'there' as word`;
  t.equal(rows[0], undefined);
});

t.test("a query gets all its rows, also behind one that failed or was cut off in its rows", async (t) => {
  const schema = testSchema(t);
  const database = await openDatabase({
    url: databaseUrl(),
    schema,
    logger: silentLogger,
    maxConnections: 1,
    maxBoundedConnections: 1,
  });
  t.teardown(() => database.close());
  for (const sql of [database.sql, database.bounded]) {
    const run = async (text: string): Promise<readonly object[]> =>
      sql === database.bounded
        ? database.bounded((own) => own.unsafe<object[]>(text))
        : database.sql.unsafe<object[]>(text);
    await t.rejects(run(failing));
    t.same(await run("select 'there' as word"), [{ word: "there" }]);
    await t.rejects(run(failing));
    t.same(await run("select 'one' as word; select 'two' as word"), [[{ word: "one" }], [{ word: "two" }]]);
  }

  const cut = database.sql.unsafe(
    "select repeat('x', 1000) as filler, case when n > 100 then pg_sleep(60)::text end from generate_series(1, 200) n",
  );
  cut.catch(() => {});
  const admin = postgres(databaseUrl(), { max: 1, onnotice: () => {} });
  t.teardown(() => admin.end());
  await until("a hundred rows were sent", async () => {
    const sleeping = await admin`
      select from pg_stat_activity where application_name = ${`samspel ${schema}`} and wait_event = 'PgSleep'`;
    return sleeping.length > 0;
  });
  await cutConnections(schema);
  await t.rejects(cut);
  const rows = await until("the pool goes on", () =>
    database.sql`select 'there' as word`.catch(() => false as const),
  );
  t.same([...rows], [{ word: "there" }]);
});
