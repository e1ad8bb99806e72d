// Migrations on a real Postgres, and beside instances that run.
import t, { type Test } from "tap";
import { createJournal } from "../../../ts-runtime/src/journal/index.ts";
import { migrate, openDatabase, transact, type Database } from "../../../ts-runtime/src/postgres/index.ts";
import type { Migration } from "../../../ts-runtime/src/postgres/migration.ts";
import { migrations } from "../../../ts-runtime/src/postgres/migrations/index.ts";
import { databaseUrl } from "../../support/environment.ts";
import { testSchema } from "../../support/isolation.ts";
import { appendOf } from "../../support/journal.ts";
import { silentLogger as logger } from "../../support/silent-logger.ts";
import { until } from "../../support/until.ts";

/** Instances on one fresh schema. */
function instances(t: Test): () => Promise<Database> {
  const schema = testSchema(t);
  return async () => {
    const database = await openDatabase({ url: databaseUrl(), schema, maxConnections: 2, logger });
    t.teardown(() => database.close());
    return database;
  };
}

const table = (number: number, name: string, compatibleWith = number): Migration => ({
  number,
  name,
  compatibleWith,
  sql: `create table ${name} (n int)`,
});

const index: Migration = {
  number: 2,
  name: "note-index",
  compatibleWith: 1,
  index: { name: "note_n", table: "note", definition: "(n)", unique: true },
};

const numbers = async ({ sql }: Database): Promise<readonly number[]> => {
  const rows = await sql<{ number: number }[]>`select number from samspel_migration order by number`;
  return rows.map(({ number }) => number);
};

t.test("the toolkit's steps grow in number, and each says which code can live with it", async (t) => {
  for (const [at, { number, compatibleWith }] of migrations.entries()) {
    t.ok(number > (migrations[at - 1]?.number ?? 0), `step ${number}`);
    t.ok(
      compatibleWith > 0 && compatibleWith <= number,
      `step ${number} is compatible with ${compatibleWith}`,
    );
  }
});

t.test("migrate() runs each step once when instances start at once (M2)", async (t) => {
  const open = instances(t);
  const all = await Promise.all([open(), open(), open()]);
  await Promise.all(all.map((database) => migrate(database)));
  for (const database of all)
    t.same(
      await numbers(database),
      migrations.map(({ number }) => number),
    );
});

t.test("migrate() makes an index once when instances start at once, and nobody deadlocks", async (t) => {
  const open = instances(t);
  const all = await Promise.all([open(), open(), open()]);
  const steps = [table(1, "note"), index, table(3, "later")];
  await Promise.all(all.map((database) => migrate(database, steps)));
  const [first] = all;
  await until("the last step is made", async () => (await numbers(first)).length === 3, 30_000);
  t.same(await valid(first), [{ valid: true }]);
});

const valid = ({ sql }: Database) => sql`
  select indisvalid as valid from pg_index where indexrelid = to_regclass('note_n')`;

t.test("migrate() leaves nothing of steps that fail (M1)", async (t) => {
  const database = await instances(t)();
  const failing = [table(1, "good"), { ...table(2, "bad"), sql: "create table good (n int)" }];
  await t.rejects(migrate(database, failing), { code: "42P07" });
  t.same([...(await database.sql`select to_regclass('good') as found`)], [{ found: null }]);
  await migrate(database, [table(1, "good"), table(2, "better")]);
  t.same(await numbers(database), [1, 2]);
});

t.test("old code starts again on a newer schema that it can live with, and on no other (M4)", async (t) => {
  const open = instances(t);
  const old = [table(1, "one"), table(2, "two")];
  await migrate(await open(), [...old, table(3, "three", 2), table(4, "four", 1)]);
  const restarted = await open();
  await migrate(restarted, old);
  t.same(await numbers(restarted), [1, 2, 3, 4]);
  await t.rejects(migrate(restarted, old.slice(0, 1)), {
    code: "SAMSPEL_INVALID_CONFIGURATION",
    message:
      /step 3 \(three\) needs code of step 2 or newer: this code's newest step is 1: deploy the release that made the schema/,
  });
  t.same(await numbers(restarted), [1, 2, 3, 4]);
});

t.test("migrate() refuses a step that was edited, and one of another name", async (t) => {
  const database = await instances(t)();
  await migrate(database, [table(1, "one")]);
  await migrate(database, [{ ...table(1, "one"), sql: "\n create  table one\n(n int)" }]);
  await t.rejects(migrate(database, [{ ...table(1, "one"), sql: "create table one (n bigint)" }]), {
    code: "SAMSPEL_INVALID_CONFIGURATION",
    message: /^Step 1 \(one\) of schema "test_.*" was edited .*: put it back as it was/,
  });
  await t.rejects(migrate(database, [table(1, "other")]), {
    code: "SAMSPEL_INVALID_CONFIGURATION",
    message: /must be "other": "one" was applied/,
  });
});

t.test("migrate() takes over a record that lacks what it has today", async (t) => {
  const database = await instances(t)();
  const { sql } = database;
  await sql`create table samspel_migration (
    number int primary key, name text not null, applied_at timestamptz not null default clock_timestamp())`;
  await sql`create table one (n int)`;
  await sql`insert into samspel_migration (number, name) values (1, 'one')`;
  await migrate(database, [table(1, "one"), table(2, "two")]);
  t.same(await numbers(database), [1, 2]);
});

t.test("old code goes on appending while new code migrates: nothing fails", async (t) => {
  const open = instances(t);
  const database = await open();
  const old = migrations.filter(({ number }) => number <= 3);
  await migrate(database, old);
  await using journal = createJournal({ database });
  let appended = 0n;
  const end = new AbortController();
  const appending = (async () => {
    while (!end.signal.aborted) {
      const result = await journal.append(appendOf("a", appended));
      if (result.type !== "appended") throw new Error(result.type);
      appended++;
    }
  })();
  appending.catch(() => {});
  await until("it appends", () => appended > 20n);
  const next = { number: 101, compatibleWith: 3 };
  await migrate(await open(), [
    ...migrations,
    { ...next, name: "column", sql: "alter table event add column extra text" },
    {
      ...next,
      number: 102,
      name: "index",
      index: { name: "event_recorded", table: "event", definition: "(recorded_at)" },
    },
  ]);
  const before = appended;
  await until("it still appends", () => appended > before + 20n);
  end.abort();
  await appending;
  await migrate(database, old);
  t.equal(await journal.confirm("counter", "a"), appended);
});

/** Keeps a lock on the table `note` until the end of the test or the call. */
async function holdNote(t: Test, database: Database): Promise<() => Promise<void>> {
  const release = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const holding = transact(database.sql, async (tx) => {
    await tx`select from note`;
    held.resolve();
    await release.promise;
  });
  const end = async (): Promise<void> => {
    release.resolve();
    await holding;
  };
  t.teardown(end);
  await held.promise;
  return end;
}

const widen: Migration = { number: 2, name: "widen", compatibleWith: 1, sql: "alter table note add m int" };

t.test(
  "a step that waits for a table lets others pass, and is made when the table is free (M3)",
  async (t) => {
    const open = instances(t);
    const [reader, holder, migrating] = await Promise.all([open(), open(), open()]);
    await migrate(reader, [table(1, "note")]);
    const end = await holdNote(t, holder);
    const migrated = migrate(migrating, [table(1, "note"), widen], { lockTimeoutMs: 50 });
    migrated.catch(() => {});
    await until("the step waits", async () => {
      const [waiting] = await reader.sql`
      select from pg_locks where not granted and relation = 'note'::regclass`;
      return waiting !== undefined;
    });
    for (let reads = 0; reads < 20; reads++) await reader.sql`select from note`;
    t.same(await numbers(reader), [1], "reads pass while the table is held");
    await end();
    await migrated;
    t.same(await numbers(reader), [1, 2]);
  },
);

t.test("migrate() gives up on a lock in time, and names who may have it", async (t) => {
  const open = instances(t);
  const [holder, migrating] = await Promise.all([open(), open()]);
  await migrate(holder, [table(1, "note")]);
  await holdNote(t, holder);
  const late = { lockTimeoutMs: 20, retryForMs: 100 };
  await t.rejects(migrate(migrating, [table(1, "note"), widen], late), {
    code: "SAMSPEL_DATABASE_UNREACHABLE",
    message: /a transaction has a table that a step needs; the oldest transaction is that of process \d+ \("/,
  });
  t.same(await numbers(migrating), [1]);
});

t.test("migrate() gives up on another instance in time", async (t) => {
  const open = instances(t);
  const [holder, migrating] = await Promise.all([open(), open()]);
  const release = Promise.withResolvers<void>();
  const locked = Promise.withResolvers<void>();
  const holding = transact(holder.sql, async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtextextended(${`samspel.migrate.${holder.schema}`}, 0))`;
    locked.resolve();
    await release.promise;
  });
  await locked.promise;
  await t.rejects(migrate(migrating, [table(1, "note")], { retryForMs: 100 }), {
    code: "SAMSPEL_DATABASE_UNREACHABLE",
    message: /another instance works on it; .*end it, or start again later/,
  });
  release.resolve();
  await holding;
  await migrate(migrating, [table(1, "note")]);
});

t.test("an index that was left invalid is made again", async (t) => {
  const database = await instances(t)();
  const { sql } = database;
  await migrate(database, [table(1, "note")]);
  await sql`insert into note values (1), (1)`;
  await t.rejects(migrate(database, [table(1, "note"), index]), { code: "23505" });
  t.same(await valid(database), [{ valid: false }]);
  t.same(await numbers(database), [1]);
  await sql`delete from note where ctid = (select min(ctid) from note)`;
  await migrate(database, [table(1, "note"), index]);
  t.same(await valid(database), [{ valid: true }]);
  t.same(await numbers(database), [1, 2]);
});

t.test("an instance that dies while it makes an index is followed by one that makes it", async (t) => {
  const open = instances(t);
  const [reader, holder, dying] = await Promise.all([open(), open(), open()]);
  await migrate(reader, [table(1, "note")]);
  // An old transaction that wrote to the table: the index waits for it.
  const release = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const holding = transact(holder.sql, async (tx) => {
    await tx`insert into note values (1)`;
    held.resolve();
    await release.promise;
  });
  await held.promise;
  const died = t.rejects(migrate(dying, [table(1, "note"), index]));
  const pid = await until("the index waits", async () => {
    const [row] = await reader.sql<{ pid: number }[]>`
      select pid from pg_stat_progress_create_index where relid = 'note'::regclass`;
    return row?.pid;
  });
  const next = await open();
  await migrate(next, [table(1, "note"), index]);
  t.same(await numbers(next), [1], "who only lacks the index starts without it");
  await reader.sql`select pg_terminate_backend(${pid})`;
  await died;
  t.same(await valid(reader), [{ valid: false }]);
  release.resolve();
  await holding;
  await migrate(await open(), [table(1, "note"), index]);
  t.same(await valid(reader), [{ valid: true }]);
  t.same(await numbers(reader), [1, 2]);
});

t.test("migrate() says which right is missing", async (t) => {
  const open = instances(t);
  const owner = await open();
  await migrate(owner, [table(1, "note")]);
  const role = `role_${owner.schema}`;
  const { sql } = owner;
  await sql.unsafe(`create role ${role} login password 'pw'`);
  t.teardown(async () => {
    await sql.unsafe(`drop owned by ${role}`);
    await sql.unsafe(`drop role ${role}`);
  });
  await sql.unsafe(`grant usage on schema ${owner.schema} to ${role}`);
  await sql.unsafe(`grant select on all tables in schema ${owner.schema} to ${role}`);
  const url = new URL(databaseUrl());
  url.username = role;
  url.password = "pw";
  await using guest = await openDatabase({ url: url.href, schema: owner.schema, maxConnections: 1, logger });
  await migrate(guest, [table(1, "note")]);
  await t.rejects(migrate(guest, [table(1, "note"), table(2, "two")]), {
    code: "SAMSPEL_INVALID_CONFIGURATION",
    message:
      /^Cannot bring schema "test_.*" up to date .* lacks a right: permission denied .*: make it the owner/,
  });
});
