// What the journal's statements cost on 1,000,000 events: how many rows each of them fetches, by the database's own
// count, with a plan made for its parameters and with one made for all. Nothing forces the planner; a statement that
// goes through the whole journal shows. Before ANALYZE two of them sort what their filters leave, as the planner takes
// the filters for narrower than they are: so who follows the journal sees to statistics first.
import t from "tap";
import { countEvents } from "../../../ts-runtime/src/journal/count-events.ts";
import { ensureStatistics } from "../../../ts-runtime/src/journal/early-analyze.ts";
import { findEnds, findPosition } from "../../../ts-runtime/src/journal/find-position.ts";
import { listEntities } from "../../../ts-runtime/src/journal/list-entities.ts";
import { readEntity } from "../../../ts-runtime/src/journal/read-entity.ts";
import { readPage } from "../../../ts-runtime/src/journal/read-page.ts";
import { recover } from "../../../ts-runtime/src/journal/recover.ts";
import {
  countOutstanding,
  everywhere,
  firstOutstanding,
} from "../../../ts-runtime/src/projection/positions.ts";
import { transact, type Database, type TransactionSql } from "../../../ts-runtime/src/postgres/index.ts";
import { collect, openJournal } from "../../support/journal.ts";

const total = 1_000_000;
const perTransaction = 10_000;
const perEntity = 10;

/** The most rows without statistics, where they are others: half of a filter's share of the journal. */
const withoutStatistics: Readonly<Record<string, number>> = {
  "a page of some slices": 32_000,
  "a page of the most common type": 410_000,
  "how far a projection is behind": 410_000,
};

/** Entities of ten events each, twenty types of very different size, as a service of some age has them. */
async function fill({ sql }: Database): Promise<void> {
  for (let from = 0; from < total; from += perTransaction) {
    await sql`
      insert into event (entity_type, entity_id, revision, slice, append_id, payload)
      select case when e % 100 < 81 then 'counter' else 'type-' || e % 100 end, 'e-' || e, r, e % 1024,
        gen_random_uuid(), '\\x0102030405060708'
      from generate_series(${from / perEntity}::int, ${(from + perTransaction) / perEntity - 1}::int) e,
        generate_series(1, ${perEntity}::int) r`;
  }
}

/** The rows that the transaction has fetched so far, by indexes and by walking the table. */
async function fetchedIn(tx: TransactionSql): Promise<number> {
  const [row] = await tx<{ fetched: number }[]>`
    select (idx_tup_fetch + seq_tup_read)::int as fetched
    from pg_stat_xact_user_tables where schemaname = current_schema() and relname = 'event'`;
  return row?.fetched ?? 0;
}

type Statement = (tx: TransactionSql) => Promise<unknown>;

/** Each with the most rows that it may fetch. */
const statements: Readonly<Record<string, readonly [number, (middle: bigint, end: bigint) => Statement]>> = {
  "a page": [1_001, (tx) => (sql) => readPage(sql, { after: { tx, sequence: 0n } })],
  "the tail": [
    11_001,
    (_, end) => (sql) => readPage(sql, { after: { tx: end, sequence: 0n }, limit: 100_000 }),
  ],
  "a page of some slices": [
    1_001,
    (tx) => (sql) => readPage(sql, { after: { tx, sequence: 0n }, slices: { from: 128, to: 191 } }),
  ],
  "a page of one slice, which the journal does not fill": [
    1_001,
    () => (sql) => readPage(sql, { after: { tx: 0n, sequence: 0n }, slices: { from: 5, to: 5 } }),
  ],
  "a page of the most common type": [
    1_500,
    (tx) => (sql) => readPage(sql, { after: { tx, sequence: 0n }, entityTypes: ["counter"] }),
  ],
  "an entity's events": [10, () => (sql) => readEntity(sql, { entityType: "counter", entityId: "e-50000" })],
  "an entity's recovery": [
    10,
    () => async (sql) =>
      collect(
        (
          await recover(
            (run) => Promise.resolve(run(sql)),
            { entityType: "counter", entityId: "e-50000", fingerprint: "" },
            0,
          )
        ).events,
      ),
  ],
  "the ends": [2, () => (sql) => findEnds(sql)],
  "a time": [100, () => (sql) => findPosition(sql, new Date(Date.now() - 3_000))],
  entities: [400, () => (sql) => listEntities(sql, { entityType: "counter", afterId: "e-5", limit: 100 })],
  "entities with a prefix": [
    400,
    () => (sql) => listEntities(sql, { entityType: "counter", idPrefix: "e-70", limit: 100 }),
  ],
  "a prefix that no entity has": [
    0,
    () => (sql) => listEntities(sql, { entityType: "counter", idPrefix: "x", limit: 100 }),
  ],
  "what a projection has not seen": [
    100,
    (tx, end) => (sql) =>
      firstOutstanding(sql, {
        entityTypes: ["counter"],
        from: everywhere({ tx, sequence: 0n }),
        upTo: everywhere({ tx: end + 1n, sequence: 0n }),
      }),
  ],
  "that a projection has seen all": [
    10,
    (_, end) => (sql) =>
      firstOutstanding(sql, {
        entityTypes: ["counter"],
        from: everywhere({ tx: end + 1n, sequence: 0n }),
        upTo: everywhere({ tx: end + 1n, sequence: 0n }),
      }),
  ],
  "how far a projection is behind": [
    13_000,
    (tx, end) => (sql) =>
      countOutstanding(sql, {
        entityTypes: ["counter"],
        from: everywhere({ tx, sequence: 0n }),
        upTo: everywhere({ tx: end + 1n, sequence: 0n }),
        limit: 10_000,
      }),
  ],
  "counting events": [15_000, () => (sql) => countEvents(sql, "counter")],
};

t.test("no statement goes through the whole journal", async (t) => {
  const { database } = await openJournal(t);
  const { sql } = database;
  await sql`alter table event set (autovacuum_enabled = off)`;
  await fill(database);
  const [edges] = await sql<{ middle: bigint; end: bigint }[]>`
    select (select tx from event order by tx, position offset ${total / 2} limit 1) as middle,
      (select tx from event order by tx desc, position desc limit 1) as end`;
  const { middle = 0n, end = 0n } = edges ?? {};
  for (const analyzed of [false, true]) {
    if (analyzed) await ensureStatistics(database);
    for (const mode of ["force_custom_plan", "force_generic_plan"]) {
      for (const [what, [most, make]] of Object.entries(statements)) {
        await transact(sql, async (tx) => {
          await tx.unsafe(`set local plan_cache_mode = ${mode}`);
          // A parallel worker's rows are not in the count.
          await tx`set local max_parallel_workers_per_gather = 0`;
          const before = await fetchedIn(tx);
          await make(middle, end)(tx);
          const fetched = (await fetchedIn(tx)) - before;
          const limit = analyzed ? most : (withoutStatistics[what] ?? most);
          t.ok(
            fetched <= limit,
            `${what}, ${analyzed ? "with" : "without"} statistics, ${mode}: ${fetched} rows`,
          );
        });
      }
    }
  }
});
