// Indexes that are made while others write.
import t from "tap";
import { migrate, transact, type Database } from "../../../ts-runtime/src/postgres/index.ts";
import type { Migration } from "../../../ts-runtime/src/postgres/migration.ts";
import { instances, stepsOf, table } from "../../support/migrations.ts";
import { until } from "../../support/until.ts";

const index: Migration = {
  number: 2,
  name: "note-index",
  compatibleWith: 1,
  index: { name: "note_n", table: "note", definition: "(n)", unique: true },
};

const valid = ({ sql }: Database) => sql`
  select indisvalid as valid from pg_index where indexrelid = to_regclass('note_n')`;

t.test("migrate() makes an index once when instances start at once, and nobody deadlocks", async (t) => {
  const open = instances(t);
  const all = await Promise.all([open(), open(), open()]);
  const steps = [table(1, "note"), index, table(3, "later")];
  await Promise.all(all.map((database) => migrate(database, steps)));
  const [first] = all;
  await until("the last step is made", async () => (await stepsOf(first)).length === 3, 30_000);
  t.same(await valid(first), [{ valid: true }]);
});

t.test("an index that was left invalid is made again", async (t) => {
  const database = await instances(t)();
  const { sql } = database;
  await migrate(database, [table(1, "note")]);
  await sql`insert into note values (1), (1)`;
  await t.rejects(migrate(database, [table(1, "note"), index]), { code: "23505" });
  t.same(await valid(database), [{ valid: false }]);
  t.same(await stepsOf(database), [1]);
  await sql`delete from note where ctid = (select min(ctid) from note)`;
  await migrate(database, [table(1, "note"), index]);
  t.same(await valid(database), [{ valid: true }]);
  t.same(await stepsOf(database), [1, 2]);
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
  t.same(await stepsOf(next), [1], "who only lacks the index starts without it");
  await reader.sql`select pg_terminate_backend(${pid})`;
  await died;
  t.same(await valid(reader), [{ valid: false }]);
  release.resolve();
  await holding;
  await migrate(await open(), [table(1, "note"), index]);
  t.same(await valid(reader), [{ valid: true }]);
  t.same(await stepsOf(reader), [1, 2]);
});
