// Events read per second from a journal, beside a bare paged select of the same columns with the same driver, which
// looks at no running transaction and so loses events; and the recovery of an entity with 10,000 events, beside a bare
// select and fold. Interleaved rounds of one run: the ratio is what counts, the figures depend on the machine.
//   npm run bench -- --long reading
import { create, toBinary, type Message } from "@bufbuild/protobuf";
import { parseArgs } from "node:util";
import { createEntityHost, fingerprint } from "../ts-runtime/src/entity/index.ts";
import { startPosition, type Journal } from "../ts-runtime/src/journal/index.ts";
import type { Database } from "../ts-runtime/src/postgres/index.ts";
import {
  CounterEventSchema,
  CounterSchema,
  GetCounterRequestSchema,
} from "../test/gen/samspel/test/v1/counter_pb.ts";
import { defineCounter } from "../test/support/counter.ts";
import { median } from "./median.ts";
import { openOwnJournal } from "./own-journal.ts";

interface Bench {
  readonly database: Database;
  readonly journal: Journal;
  readonly pageSize: number;
}

/** Gives operations per second. */
type Contender = readonly [name: string, run: () => Promise<number>];

const recovered = 10_000;
const counter = defineCounter({ snapshotEvery: false });
const increment = toBinary(
  CounterEventSchema,
  create(CounterEventSchema, { event: { case: "incremented", value: { amount: 1n } } }),
);

/** Payloads of 200 bytes and a trace context, as of the journal's own measurement; 50 events an entity. */
async function fill({ sql }: Database, events: number): Promise<void> {
  const perTransaction = 5_000;
  for (let from = 0; from < events; from += perTransaction) {
    await sql`
      insert into event (entity_type, entity_id, revision, slice, append_id, payload, metadata)
      select 'bench', 'e' || k / 50, k % 50 + 1, k / 50 % 1024, gen_random_uuid(), decode(repeat('07', 200), 'hex'),
        '{"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}'
      from generate_series(${from}::int, ${from + perTransaction - 1}::int) k`;
  }
  await sql`
    insert into event (entity_type, entity_id, revision, slice, append_id, payload)
    select 'counter', id, r, 0, gen_random_uuid(), ${increment}
    from unnest(array['whole', 'kept']) id, generate_series(1, ${recovered}::int) r`;
  const state = toBinary(CounterSchema, create(CounterSchema, { value: BigInt(recovered) }));
  await sql`
    insert into snapshot (entity_type, entity_id, revision, state, fingerprint)
    values ('counter', 'kept', ${recovered}, ${state}, ${fingerprint(counter)})`;
  await sql`vacuum analyze event`;
}

async function perSecond(work: () => Promise<number>): Promise<number> {
  const startedAtMs = performance.now();
  const done = await work();
  return Math.round((done * 1_000) / (performance.now() - startedAtMs));
}

interface BareRow {
  readonly tx: bigint;
  readonly position: bigint;
}

const bareSelect = ({ database: { sql }, pageSize }: Bench): Promise<number> =>
  perSecond(async () => {
    let last: BareRow = { tx: 0n, position: 0n };
    for (let count = 0; ;) {
      const rows: BareRow[] = await sql<BareRow[]>`
        select entity_type, entity_id, revision, slice, tx, position, payload, metadata, recorded_at from event
        where (tx, position) > (${sql.types.xid8(last.tx)}, ${last.position})
        order by tx, position limit ${pageSize}`;
      count += rows.length;
      last = rows.at(-1) ?? last;
      if (rows.length < pageSize) return count;
    }
  });

const wholeJournal = ({ journal, pageSize }: Bench): Promise<number> =>
  perSecond(async () => {
    let after = startPosition;
    for (let count = 0; ;) {
      const { events, next } = await journal.read({ after, limit: pageSize });
      count += events.length;
      after = next;
      if (events.length < pageSize) return count;
    }
  });

/** A sixteenth of the slices; counts the events of the whole journal, as that is what it gets through. */
const someSlices = ({ journal, pageSize }: Bench, events: number): Promise<number> =>
  perSecond(async () => {
    let after = startPosition;
    for (;;) {
      const page = await journal.read({ after, limit: pageSize, slices: { from: 64, to: 127 } });
      after = page.next;
      if (page.events.length < pageSize) return events;
    }
  });

const bareFold = ({ database: { sql } }: Bench): Promise<number> =>
  perSecond(async () => {
    const rows = await sql<{ payload: Uint8Array }[]>`
      select revision, payload from event where entity_type = 'counter' and entity_id = 'whole' order by revision`;
    rows.reduce<Message>((state, { payload }) => counter.fold(state, payload), counter.initialState());
    return 1;
  });

/** The first command of an entity that is not in memory. */
const recovery = ({ journal }: Bench, counterId: string): Promise<number> =>
  perSecond(async () => {
    using host = createEntityHost({ entity: counter, journal, freeze: false });
    await host.ask({
      command: "getCounter",
      entityId: counterId,
      request: create(GetCounterRequestSchema, { counterId }),
      commandId: undefined,
      client: () => {
        throw new Error("a counter calls nobody");
      },
      signal: AbortSignal.timeout(60_000),
      requestHeader: new Headers(),
    });
    return 1;
  });

/** Prints medians of interleaved rounds, each beside the first one's. */
async function compare(contenders: readonly Contender[], rounds: number): Promise<void> {
  const figures = contenders.map(() => [] as number[]);
  for (let round = 0; round < rounds; round++) {
    for (const [index, [, run]] of contenders.entries()) figures[index]?.push(await run());
  }
  const [bare = 1, ...rest] = figures.map(median);
  for (const [index, perSecond] of [bare, ...rest].entries()) {
    const name = contenders[index]?.[0] ?? "";
    console.log(
      `${name.padEnd(36)}${String(perSecond).padStart(9)}/s${(perSecond / bare).toFixed(2).padStart(8)}`,
    );
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      url: { type: "string", default: process.env["DATABASE_URL"] ?? "" },
      events: { type: "string", default: "1000000" },
      rounds: { type: "string", default: "5" },
      page: { type: "string", default: "1000" },
    },
  });
  await using own = await openOwnJournal(values.url);
  const { database, journal } = own;
  const [events, rounds] = [Number(values.events), Number(values.rounds)];
  await fill(database, events);
  const bench: Bench = { database, journal, pageSize: Number(values.page) };
  await compare(
    [
      ["bare paged select", () => bareSelect(bench)],
      ["journal", () => wholeJournal(bench)],
      ["journal, 1/16 of the slices", () => someSlices(bench, events)],
    ],
    rounds,
  );
  await compare(
    [
      [`bare select and fold of ${recovered}`, () => bareFold(bench)],
      ["recovery, no snapshot", () => recovery(bench, "whole")],
      ["recovery, snapshot", () => recovery(bench, "kept")],
    ],
    rounds * 4,
  );
}

await main();
