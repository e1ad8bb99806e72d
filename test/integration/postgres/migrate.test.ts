// Migrations on a real Postgres, and beside instances that run.
import t, { type Test } from "tap";
import { createJournal } from "../../../ts-runtime/src/journal/index.ts";
import { migrate, openDatabase, transact, type Database } from "../../../ts-runtime/src/postgres/index.ts";
import type { Migration } from "../../../ts-runtime/src/postgres/migration.ts";
import { migrations } from "../../../ts-runtime/src/postgres/migrations/index.ts";
import { databaseUrl } from "../../support/environment.ts";
import { appendOf } from "../../support/journal.ts";
import { silentLogger as logger } from "../../support/silent-logger.ts";
import { instances, stepsOf, table } from "../../support/migrations.ts";
import { until } from "../../support/until.ts";

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
      await stepsOf(database),
      migrations.map(({ number }) => number),
    );
});

t.test("migrate() leaves nothing of steps that fail (M1)", async (t) => {
  const database = await instances(t)();
  const failing = [table(1, "good"), { ...table(2, "bad"), sql: "create table good (n int)" }];
  await t.rejects(migrate(database, failing), { code: "42P07" });
  t.same([...(await database.sql`select to_regclass('good') as found`)], [{ found: null }]);
  await migrate(database, [table(1, "good"), table(2, "better")]);
  t.same(await stepsOf(database), [1, 2]);
});

t.test("old code starts again on a newer schema that it can live with, and on no other (M4)", async (t) => {
  const open = instances(t);
  const old = [table(1, "one"), table(2, "two")];
  await migrate(await open(), [...old, table(3, "three", 2), table(4, "four", 1)]);
  const restarted = await open();
  await migrate(restarted, old);
  t.same(await stepsOf(restarted), [1, 2, 3, 4]);
  await t.rejects(migrate(restarted, old.slice(0, 1)), {
    code: "SAMSPEL_INVALID_CONFIGURATION",
    message:
      /step 3 \(three\) needs code of step 2 or newer: this code's newest step is 1: deploy the release that made the schema/,
  });
  t.same(await stepsOf(restarted), [1, 2, 3, 4]);
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
  t.same(await stepsOf(database), [1, 2]);
});

t.test("old code goes on appending while new code migrates: nothing fails", async (t) => {
  const open = instances(t);
  const database = await open();
  // What today's appends need is there; a step that they can do without is missing.
  const old = migrations.filter(({ name }) => name !== "handled");
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
  const next = { number: 101, compatibleWith: old.at(-1)?.number ?? 0 };
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
    t.same(await stepsOf(reader), [1], "reads pass while the table is held");
    await end();
    await migrated;
    t.same(await stepsOf(reader), [1, 2]);
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
  t.same(await stepsOf(migrating), [1]);
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
