// Events projected per second, beside the obvious loops with the same driver: a multi-row upsert and the checkpoint a
// page, and a statement an event in a transaction a page. Interleaved rounds of one run: the ratio is what counts, the
// figures depend on the machine.
//   npm run bench -- --long projection
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { parseArgs } from "node:util";
import { createCluster } from "../ts-runtime/src/cluster/index.ts";
import type { Journal } from "../ts-runtime/src/journal/index.ts";
import type { Database, Sql, TransactionSql } from "../ts-runtime/src/postgres/index.ts";
import {
  project,
  projectionChanges,
  runProjection,
  setUpProjection,
  type Projection,
} from "../ts-runtime/src/projection/index.ts";
import type { Logger } from "../ts-runtime/src/telemetry/index.ts";
import { CounterEventSchema } from "../test/gen/samspel/test/v1/counter_pb.ts";
import { defineCounter } from "../test/support/counter.ts";
import { median } from "./median.ts";
import { openOwnJournal } from "./own-journal.ts";

const counter = defineCounter();
const pageSize = 1_000;

interface Bench {
  readonly database: Database;
  readonly journal: Journal;
  readonly logger: Logger;
  readonly events: number;
}

const payload = toBinary(
  CounterEventSchema,
  create(CounterEventSchema, { event: { case: "incremented", value: { amount: 1n } } }),
);

/** 50 events an entity, spread over the slices, with a trace context as entities leave it. */
async function fill({ sql }: Database, events: number): Promise<void> {
  const perTransaction = 5_000;
  for (let from = 0; from < events; from += perTransaction) {
    await sql`
      insert into event (entity_type, entity_id, revision, slice, append_id, payload, metadata)
      select 'counter', 'e' || k / 50, k % 50 + 1, k / 50 % 1024, gen_random_uuid(), ${payload},
        '{"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}'
      from generate_series(${from}::int, ${Math.min(events, from + perTransaction) - 1}::int) k`;
  }
  await sql`vacuum analyze event`;
}

const setup = (sql: TransactionSql): Promise<unknown> =>
  sql`create table total (id text primary key, value bigint not null)`;

const upsertAll = (sql: TransactionSql, sums: ReadonlyMap<string, bigint>): PromiseLike<unknown> => sql`
  insert into total select * from unnest(${[...sums.keys()]}::text[], ${[...sums.values()].map(String)}::bigint[])
  on conflict (id) do update set value = total.value + excluded.value`;

const upsertOne = (sql: TransactionSql, id: string, amount: bigint): Promise<unknown> => sql`
  insert into total values (${id}, ${amount}) on conflict (id) do update set value = total.value + excluded.value`;

/** So that the table is asked only when all may be in it: that is not what is measured. */
let handled = 0;

const batched = project("totals", counter, {
  setup,
  async batch(events, { sql }) {
    handled += events.length;
    const sums = new Map<string, bigint>();
    for (const { case: kind, value, entityId } of events) {
      if (kind === "incremented") sums.set(entityId, (sums.get(entityId) ?? 0n) + value.amount);
    }
    await upsertAll(sql, sums);
  },
});

const oneByOne = project("totals", counter, {
  setup,
  events: {
    incremented({ amount }, { sql, entityId }) {
      handled += 1;
      return upsertOne(sql, entityId, amount);
    },
  },
});

const waiting = project("totals", counter, {
  setup,
  events: {
    async incremented({ amount }, { sql, entityId }) {
      handled += 1;
      await upsertOne(sql, entityId, amount);
    },
  },
});

async function forget({ sql }: Database): Promise<void> {
  await sql`drop table if exists total`;
  await sql`truncate checkpoint, projection, projection_build, projection_control`;
}

/** Gives events per second. */
async function projected(
  { database, journal, logger, events }: Bench,
  projection: Projection,
): Promise<number> {
  await forget(database);
  await setUpProjection({ projection, home: database, journal });
  await using cluster = createCluster({ database, instance: "bench", logger });
  const stop = new AbortController();
  handled = 0;
  const startedAtMs = performance.now();
  const running = runProjection({
    database,
    journal,
    cluster,
    projection,
    logger,
    pageSize,
    signal: stop.signal,
  });
  let tookMs = 0;
  for await (const _ of projectionChanges(database, projection, stop.signal)) {
    if (handled < events) continue;
    const [row] = await database.sql<{ sum: string }[]>`select coalesce(sum(value), 0) as sum from total`;
    if (Number(row?.sum) < events) continue;
    tookMs = performance.now() - startedAtMs;
    break;
  }
  stop.abort();
  await running;
  return Math.round((events * 1_000) / tookMs);
}

interface BareRow {
  readonly entity_id: string;
  readonly tx: bigint;
  readonly position: bigint;
  readonly payload: Uint8Array;
}

/** A loop that somebody would write: one page, one transaction, with its checkpoint. */
async function byLoop(
  { database, events }: Bench,
  apply: (sql: TransactionSql, rows: readonly BareRow[]) => Promise<void>,
): Promise<number> {
  const { sql } = database;
  await forget(database);
  await sql.begin(setup);
  const startedAtMs = performance.now();
  let last = { tx: 0n, position: 0n };
  for (let done = 0; done < events;) {
    const rows = await page(sql, last);
    last = rows.at(-1) ?? last;
    if (rows.length > 0) {
      await sql.begin(async (tx) => {
        await apply(tx, rows);
        await tx`
          insert into checkpoint values ('loop', ${sql.types.xid8(last.tx)}, ${last.position}, 1)
          on conflict (name) do update set tx = excluded.tx, position = excluded.position`;
      });
    }
    done += rows.length;
    if (rows.length < pageSize) break;
  }
  return Math.round((events * 1_000) / (performance.now() - startedAtMs));
}

const page = (sql: Sql, after: Pick<BareRow, "tx" | "position">): Promise<readonly BareRow[]> => sql<
  BareRow[]
>`
  select entity_id, revision, tx, position, payload, recorded_at from event
  where (tx, position) > (${sql.types.xid8(after.tx)}, ${after.position})
  order by tx, position limit ${pageSize}`;

function amountOf(row: BareRow): bigint {
  const { event } = fromBinary(CounterEventSchema, row.payload);
  return event.case === "incremented" ? event.value.amount : 0n;
}

async function upsertPage(sql: TransactionSql, rows: readonly BareRow[]): Promise<void> {
  const sums = new Map<string, bigint>();
  for (const row of rows) sums.set(row.entity_id, (sums.get(row.entity_id) ?? 0n) + amountOf(row));
  await upsertAll(sql, sums);
}

async function upsertEach(sql: TransactionSql, rows: readonly BareRow[]): Promise<void> {
  for (const row of rows) await upsertOne(sql, row.entity_id, amountOf(row));
}

async function compare(bench: Bench, rounds: number): Promise<void> {
  // One event at a time is slow enough for a tenth of them.
  const few: Bench = { ...bench, events: Math.ceil(bench.events / 10) };
  const contenders: ReadonlyArray<readonly [string, string, () => Promise<number>]> = [
    ["a page", "  by a loop", () => byLoop(bench, upsertPage)],
    ["a page", "projected, batch", () => projected(bench, batched)],
    ["each", "  by a loop", () => byLoop(few, upsertEach)],
    ["each", "projected, one event at a time", () => projected(few, oneByOne)],
    ["each", "projected, handlers that wait", () => projected(few, waiting)],
  ];
  const figures = contenders.map(() => [] as number[]);
  for (let round = 0; round < rounds; round++) {
    for (const [index, [, , run]] of contenders.entries()) figures[index]?.push(await run());
  }
  const medians = figures.map(median);
  for (const [index, [kind, name]] of contenders.entries()) {
    const perSecond = medians[index] ?? 0;
    const loop = medians[contenders.findIndex(([other]) => other === kind)] ?? 1;
    console.log(
      `${kind.padEnd(8)}${name.padEnd(34)}${String(perSecond).padStart(9)}/s${(perSecond / loop).toFixed(2).padStart(8)}`,
    );
  }
}

const { values } = parseArgs({
  options: {
    url: { type: "string", default: process.env["DATABASE_URL"] ?? "" },
    events: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "3" },
  },
});

await using own = await openOwnJournal(values.url);
const bench: Bench = { ...own, events: Number(values.events) };
await fill(bench.database, bench.events);
await compare(bench, Number(values.rounds));
