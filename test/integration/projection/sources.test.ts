// A projection of several entities, and one whose tables are in another database (T4).
import t from "tap";
import { migrate, openDatabase, readModelMigrations } from "../../../ts-runtime/src/postgres/index.ts";
import {
  on as from,
  pauseProjection,
  project,
  projectionState,
} from "../../../ts-runtime/src/projection/index.ts";
import { countUp } from "../../support/counter-events.ts";
import { defineCounter } from "../../support/counter.ts";
import { databaseUrl } from "../../support/environment.ts";
import { testSchema } from "../../support/isolation.ts";
import { cutConnections, openJournal } from "../../support/journal.ts";
import { defineMember, serveMembers } from "../../support/member.ts";
import { add, clusterOf, run, setup, sumOf, totals, upTo } from "../../support/projection.ts";
import { silentLogger as logger } from "../../support/silent-logger.ts";
import { until } from "../../support/until.ts";
import { CounterSchema } from "../../gen/samspel/test/v1/counter_pb.ts";

const counter = defineCounter();
const member = defineMember();

t.test("project() takes the events of several entities, by case or in whole pages", async (t) => {
  const on = await openJournal(t);
  const members = serveMembers(t, on);
  const byCase = project(
    "by-case",
    [
      from(counter, {
        incremented: ({ amount }, { sql, entityType, entityId }) =>
          sql`insert into fact values (${`${entityType} ${entityId}: ${amount}`})`,
      }),
      from(member, {
        registered: ({ name }, { sql, entityType, entityId }) =>
          sql`insert into fact values (${`${entityType} ${entityId}: ${name}`})`,
      }),
    ],
    { setup: (sql) => sql`create table fact (what text not null)` },
  );
  const byPage = project("by-page", [from(counter), from(member)], {
    setup: (sql) => sql`create table page (what text not null)`,
    async batch(events, { sql }) {
      for (const event of events) {
        const what =
          event.case === "incremented"
            ? String(event.value.amount)
            : event.case === "registered"
              ? event.value.name
              : "";
        await sql`insert into page values (${`${event.entityType} ${event.entityId}: ${what}`})`;
      }
    },
  });
  run(t, on, byCase);
  run(t, on, byPage);
  await members.register("m", "Ann");
  await countUp(on.journal, ["c"], 2);
  await members.register("n", "Bo");
  const expected = ["counter c: 1", "counter c: 1", "member m: Ann", "member n: Bo"];
  for (const table of ["fact", "page"]) {
    const facts = async (): Promise<readonly string[]> =>
      (
        await on.database.sql<
          { what: string }[]
        >`select what from ${on.database.sql(table)} order by what`.catch(() => [])
      ).map(({ what }) => what);
    await until(`${table} has all`, async () => (await facts()).length === 4);
    t.same(await facts(), expected);
  }
});

t.test("project() refuses what cannot be", async (t) => {
  const refused = (message: RegExp) => ({ code: "SAMSPEL_INVALID_CONFIGURATION", message });
  t.throws(() => project("p", [], {}), refused(/needs an entity/));
  t.throws(
    () => project("p", [from(counter, {}), from(counter, {})], {}),
    refused(/has entity counter twice/),
  );
  t.throws(() => project("P", counter, { events: {} }), refused(/lower-case/));
  t.throws(() => project("p", counter, { events: {}, version: 0 }), refused(/positive integer/));
  t.throws(() => project("p", counter, { events: {}, rebuild: "beside" }), refused(/has no setup/));
  t.throws(
    () => project("p", counter, { events: {}, changes: { message: CounterSchema, keepCount: 0 } }),
    refused(/changes.keepCount/),
  );
});

t.test("a projection keeps its tables, its checkpoints and its books in another database", async (t) => {
  const on = await openJournal(t);
  const schema = testSchema(t);
  const open = async () => {
    const home = await openDatabase({ url: databaseUrl(), schema, maxConnections: 4, logger });
    await migrate(home, readModelMigrations);
    t.teardown(() => home.close());
    return home;
  };
  const home = await open();
  const ids = Array.from({ length: 10 }, (_, index) => `counter-${index}`);
  const version = (number: number) =>
    project("totals", counter, {
      version: number,
      setup,
      events: {
        incremented: ({ amount }, context) => add({ amount: amount * BigInt(number) }, context),
      },
    });
  const other = await on.open();
  const stop = run(t, on, version(1), { home, pageSize: 10 });
  run(t, other, version(1), { home: await open(), pageSize: 10 });
  const writing = countUp(on.journal, ids, 40);
  await until("a part is applied", async () => (await sumOf(home)) > 50n, 20_000);
  await cutConnections(schema);
  await writing;
  await until("all are applied", async () => (await sumOf(home)) === 400n, 20_000);
  t.same(
    await totals(home),
    ids.map((id) => ({ id, value: 40n, revisions: upTo(40) })),
  );
  t.same(await on.database.sql`select from projection`, [], "nothing is in the service's own");
  const state = await projectionState({
    projection: version(1),
    home,
    database: on.database,
    cluster: clusterOf(t, on),
  });
  t.match(state, { builds: [{ state: "live", lag: { events: 0 } }] });
  await stop();
  run(t, on, version(2), { home });
  await until("version 2 is live", async () => (await sumOf(home)) === 800n, 20_000);
  await pauseProjection({ home, projection: "totals" });
});

t.test("a checkpoint passes events of other entities, and no handler is run for nothing", async (t) => {
  const on = await openJournal(t);
  const pages: number[] = [];
  const quiet = project("quiet", counter, { batch: (events) => void pages.push(events.length) });
  run(t, on, quiet);
  await countUp(on.journal, ["a"], 1);
  await until("the event is handled", () => pages.length === 1);
  for (let revision = 0n; revision < 3n; revision++) {
    await on.journal.append({
      entityType: "other",
      entityId: "o",
      expectedRevision: revision,
      events: [{ payload: Buffer.from("x") }],
    });
  }
  const last = await until("others are there", async () => {
    const ends = await on.journal.ends();
    return ends === undefined || ends.last.sequence < 4n ? undefined : ends.last;
  });
  await until("all checkpoints have passed them", async () => {
    const places = await on.journal.checkpoints.loadRanges("projection:quiet:1");
    return places.size === 16 && [...places.values()].every(({ tx }) => tx > last.tx);
  });
  t.same(pages, [1]);
});
