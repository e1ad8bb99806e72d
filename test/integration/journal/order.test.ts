// J4 under all interleavings: whoever reads sees every committed event once, in one order that never goes back.
import * as fc from "fast-check";
import postgres from "postgres";
import t, { type Test } from "tap";
import { startPosition, type JournalEvent } from "../../../ts-runtime/src/journal/index.ts";
import { findHolder } from "../../../ts-runtime/src/journal/find-holder.ts";
import { comparePositions, type Position } from "../../../ts-runtime/src/journal/position.ts";
import { readPage } from "../../../ts-runtime/src/journal/read-page.ts";
import type { ReadOptions } from "../../../ts-runtime/src/journal/journal.ts";
import { databaseUrl } from "../../support/environment.ts";
import { openJournal, type JournalFixture } from "../../support/journal.ts";
import { until } from "../../support/until.ts";

const writers = 3;
const types = ["counter", "cart"] as const;

type Step =
  | { readonly do: "insert"; readonly writer: number; readonly slice: number; readonly type: 0 | 1 }
  | { readonly do: "insert and undo" | "commit" | "roll back" | "prepare"; readonly writer: number }
  | { readonly do: "commit prepared" }
  | { readonly do: "read" };

const writer = fc.nat(writers - 1);
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant("insert" as const),
        writer,
        slice: fc.nat(1023),
        type: fc.constantFrom(0 as const, 1 as const),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("insert and undo" as const), writer }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("commit" as const), writer }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("roll back" as const), writer }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("prepare" as const), writer }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("commit prepared" as const) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant("read" as const) }) },
  ),
  { minLength: 10, maxLength: 60, size: "max" },
);

/** What the readers ask for; each has a place of its own. */
const filters: readonly Omit<ReadOptions, "after">[] = [
  { limit: 2 },
  { limit: 3, slices: { from: 200, to: 700 } },
  { limit: 2, entityTypes: ["cart"] },
  { limit: 1_000, slices: { from: 512, to: 1023 }, entityTypes: ["counter"] },
];

const key = ({ entityId, revision }: JournalEvent): string => `${entityId}/${revision}`;

/** Connections that write as they are told. */
class Writers {
  /** One for each writer, and a last one that commits what was prepared, as no transaction may be open there. */
  readonly #connections: readonly postgres.Sql[];
  readonly #open: Set<number> = new Set();
  readonly #prepared: string[] = [];
  readonly #schema: string;
  readonly mayPrepare: boolean;
  #made = 0;

  constructor(schema: string, mayPrepare: boolean) {
    this.#schema = schema;
    this.mayPrepare = mayPrepare;
    this.#connections = Array.from({ length: writers + 1 }, () =>
      postgres(databaseUrl(), { max: 1, onnotice: () => {}, connection: { search_path: schema } }),
    );
  }

  async run(step: Exclude<Step, { do: "read" }>): Promise<void> {
    if (step.do === "commit prepared") return this.#commitPrepared();
    const sql = this.#connections[step.writer];
    if (sql === undefined) throw new Error(`No writer ${step.writer}`);
    switch (step.do) {
      case "insert":
        await this.#begin(step.writer, sql);
        return insert(sql, { id: `e${this.#made++}`, slice: step.slice, type: types[step.type] });
      case "insert and undo":
        await this.#begin(step.writer, sql);
        await sql.unsafe("savepoint s");
        await insert(sql, { id: `undone${this.#made++}`, slice: 600, type: "cart" });
        await sql.unsafe("rollback to s");
        await sql.unsafe("savepoint s2");
        return insert(sql, { id: `e${this.#made++}`, slice: 600, type: "cart" });
      default:
        if (this.#open.delete(step.writer)) await this.#end(step.do, sql);
    }
  }

  async endAll(): Promise<void> {
    for (const writer of this.#open) await this.run({ do: "commit", writer });
    while (this.#prepared.length > 0) await this.#commitPrepared();
  }

  async close(): Promise<void> {
    await this.endAll();
    await Promise.all(this.#connections.map((sql) => sql.end()));
  }

  async #begin(writer: number, sql: postgres.Sql): Promise<void> {
    if (this.#open.has(writer)) return;
    this.#open.add(writer);
    await sql.unsafe("begin");
  }

  async #end(how: "commit" | "roll back" | "prepare", sql: postgres.Sql): Promise<void> {
    if (how === "roll back") return void (await sql.unsafe("rollback"));
    if (how === "commit" || !this.mayPrepare) return void (await sql.unsafe("commit"));
    const id = `${this.#schema}-${this.#made++}`;
    await sql.unsafe(`prepare transaction '${id}'`);
    this.#prepared.push(id);
  }

  async #commitPrepared(): Promise<void> {
    const id = this.#prepared.shift();
    if (id !== undefined) await this.#connections.at(-1)?.unsafe(`commit prepared '${id}'`);
  }
}

async function insert(
  sql: postgres.Sql,
  { id, slice, type }: { readonly id: string; readonly slice: number; readonly type: string },
): Promise<void> {
  await sql`insert into event (entity_type, entity_id, revision, slice, append_id, payload)
    values (${type}, ${id}, 1, ${slice}, gen_random_uuid(), '')`;
}

/** A reader that goes on from where it was, and fails as soon as it goes back. */
class Reader {
  readonly filter: Omit<ReadOptions, "after">;
  readonly seen: string[] = [];
  #after = startPosition;
  #last = startPosition;

  constructor(filter: Omit<ReadOptions, "after">) {
    this.filter = filter;
  }

  async read({ database }: JournalFixture): Promise<void> {
    const { events, next } = await readPage(database.sql, { ...this.filter, after: this.#after });
    for (const event of events) {
      if (comparePositions(event.position, this.#last) <= 0) throw new Error(`went back to ${key(event)}`);
      this.#last = event.position;
      this.seen.push(key(event));
    }
    if (comparePositions(next, this.#after) < 0) throw new Error("the next position goes back");
    if (comparePositions(next, this.#last) < 0) throw new Error("the next position is before what was read");
    this.#after = next;
  }

  /** Whether all up to a position has been read or left out. */
  isPast(position: Position): boolean {
    return comparePositions(this.#after, position) >= 0;
  }

  wants(slice: number, type: string): boolean {
    const { slices, entityTypes } = this.filter;
    return (!slices || (slices.from <= slice && slice <= slices.to)) && (entityTypes ?? types).includes(type);
  }
}

async function mayPrepare({ database }: JournalFixture): Promise<boolean> {
  const [row] = await database.sql<{ n: number }[]>`
    select current_setting('max_prepared_transactions')::int as n`;
  return (row?.n ?? 0) > 0;
}

async function openWriters(t: Test, fixture: JournalFixture): Promise<Writers> {
  const all = new Writers(fixture.schema, await mayPrepare(fixture));
  t.teardown(() => all.close());
  return all;
}

t.test("readers see every committed event once, in one order, whatever the interleaving", async (t) => {
  const fixture = await openJournal(t);
  const { sql } = fixture.database;
  const all = await openWriters(t, fixture);
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      // What a run that failed left open, it must not leave to the next.
      await all.endAll();
      await sql`truncate event`;
      const readers = filters.map((filter) => new Reader(filter));
      for (const step of script) {
        if (step.do !== "read") await all.run(step);
        else for (const reader of readers) await reader.read(fixture);
      }
      await all.endAll();
      const rows = await sql<
        { key: string; slice: number; entity_type: string; tx: bigint; position: bigint }[]
      >`
        select entity_id || '/' || revision as key, slice, entity_type, tx, position from event
        order by tx, position`;
      const last = rows.at(-1);
      for (const reader of readers) {
        // Transactions of other tests on the same server hold readers back, too.
        await until("the reader is behind all", async () => {
          await reader.read(fixture);
          return last === undefined || reader.isPast({ tx: last.tx, sequence: last.position });
        });
        const wanted = rows
          .filter(({ slice, entity_type }) => reader.wants(slice, entity_type))
          .map(({ key }) => key);
        if (JSON.stringify(reader.seen) !== JSON.stringify(wanted)) {
          throw new Error(
            `${JSON.stringify(reader.filter)} saw ${reader.seen.join()} in place of ${wanted.join()}`,
          );
        }
      }
    }),
    { numRuns: 50, interruptAfterTimeLimit: 60_000 },
  );
});

t.test("an event of a subtransaction has its place by the transaction that it is part of", async (t) => {
  const fixture = await openJournal(t);
  const all = await openWriters(t, fixture);
  await all.run({ do: "insert", writer: 0, slice: 0, type: 0 });
  await all.run({ do: "insert", writer: 1, slice: 0, type: 0 });
  await all.run({ do: "commit", writer: 1 });
  await all.run({ do: "insert and undo", writer: 0 });
  t.same((await fixture.journal.read({ after: startPosition })).events, [], "the older one is still open");
  await all.run({ do: "commit", writer: 0 });
  const events = await until("all three are read", async () => {
    const page = await fixture.journal.read({ after: startPosition });
    return page.events.length === 3 && page.events;
  });
  t.same(events.map(key), ["e0/1", "e3/1", "e1/1"]);
});

t.test("a prepared transaction holds readers back until it is committed, and is named", async (t) => {
  const fixture = await openJournal(t);
  const all = await openWriters(t, fixture);
  if (!all.mayPrepare) return t.comment("max_prepared_transactions of this server is 0: not seen");
  await all.run({ do: "insert", writer: 0, slice: 0, type: 0 });
  await all.run({ do: "prepare", writer: 0 });
  await all.run({ do: "insert", writer: 1, slice: 0, type: 0 });
  await all.run({ do: "commit", writer: 1 });
  const held = await readPage(fixture.database.sql, { after: startPosition });
  t.same(held.events, []);
  t.equal(held.heldBack, true);
  await until("it is the oldest that writes", async () => {
    const holder = await findHolder(fixture.database);
    return holder?.name.startsWith(fixture.schema) === true && holder.state === "prepared";
  });
  await all.run({ do: "commit prepared" });
  await until("both are read", async () => {
    const { events } = await fixture.journal.read({ after: startPosition });
    return events.length === 2 && events.map(key).join() === "e0/1,e2/1";
  });
});
