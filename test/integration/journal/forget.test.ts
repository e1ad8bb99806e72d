// What is written behind a forgetting's back: replies of commands without events, and failures of projections.
import { randomUUID } from "node:crypto";
import t from "tap";
import {
  blankRepliesOfStragglers,
  sweepForgotten,
} from "../../../ts-runtime/src/journal/forget-stragglers.ts";
import type { Rewriting, TimerChange } from "../../../ts-runtime/src/journal/index.ts";
import { transact } from "../../../ts-runtime/src/postgres/index.ts";
import { appendOf, openJournal, type JournalFixture } from "../../support/journal.ts";
import { until } from "../../support/until.ts";

const secret = Buffer.from("Wilhelmina");
const erase = (): Rewriting => ({ event: "erase", reply: () => Buffer.from("left") });
const entity = { entityType: "counter", entityId: "a" };
const forgetting = {
  ...entity,
  expectedRevision: 1n,
  events: [{ payload: Buffer.from("forgotten") }],
  rewrite: erase,
};

const replyOf = async ({ journal }: JournalFixture, commandId: string): Promise<string | undefined> => {
  const found = await journal.loadCommand({ ...entity, commandId });
  return found && Buffer.from(found.reply).toString();
};

/** Records a reply, as a statement would that began before; `commit` ends it. */
async function recordSlowly({ database }: JournalFixture): Promise<() => Promise<void>> {
  const release = Promise.withResolvers<void>();
  const written = Promise.withResolvers<void>();
  const writing = transact(database.sql, async (tx) => {
    await tx`
      insert into command (entity_type, entity_id, command_id, revision, reply)
      values ('counter', 'a', 'slow', 1, ${secret})`;
    written.resolve();
    await release.promise;
  });
  await written.promise;
  return async () => {
    release.resolve();
    await writing;
  };
}

const forgotten = ({ database }: JournalFixture) =>
  until("it is forgotten", async () => {
    const rows = await database.sql`select from forgetting`;
    return rows.length > 0;
  });

t.test("forget() waits for replies that are being recorded, and blanks them", async (t) => {
  const on = await openJournal(t);
  await on.journal.append(appendOf("a", 0n, { command: { id: "first", reply: secret } }));
  const commit = await recordSlowly(on);
  let settled = false;
  const done = on.journal.forget({ ...forgetting, commandId: "forget" }).finally(() => {
    settled = true;
  });
  await forgotten(on);
  t.match(await on.journal.append(appendOf("b", 0n)), { type: "appended" }, "others go on");
  t.notOk(settled, "it is done, but not over");
  await commit();
  t.same(await done, { type: "appended", revision: 2n });
  for (const id of ["first", "slow"]) t.equal(await replyOf(on, id), "", id);
  t.equal(await replyOf(on, "forget"), "left");
});

t.test("what stragglers leave is swept, and nothing else", async (t) => {
  const on = await openJournal(t);
  const { sql } = on.database;
  await on.journal.append(appendOf("a", 0n));
  const commit = await recordSlowly(on);
  const done = on.journal.forget({ ...forgetting, commandId: "forget" });
  await forgotten(on);
  // As if it had given up, or died.
  await blankRepliesOfStragglers(on.database, { ...entity, through: 1n }, 0);
  await sql`
    insert into projection_failure (projection, version, generation, entity_type, entity_id, revision, attempts, error)
    values ('p', 1, 1, 'counter', 'a', 1, 5, 'Wilhelmina'), ('p', 1, 1, 'counter', 'a', 2, 5, 'later')`;
  await commit();
  await done;
  await sql`update command set reply = ${secret} where command_id = 'slow'`;
  await on.journal.append(appendOf("c", 0n, { command: { id: "other", reply: secret } }));
  await sweepForgotten(on.database, 60_000);
  t.equal(await replyOf(on, "slow"), "");
  t.equal(await replyOf(on, "forget"), "left");
  t.match(await on.journal.loadCommand({ ...entity, entityId: "c", commandId: "other" }), { reply: secret });
  const failures = await sql`select error from projection_failure order by revision`;
  t.same([...failures], [{ error: "forgotten" }, { error: "later" }]);
});

t.test("forget() refuses a revision that is not the entity's (J1)", async (t) => {
  const { journal, database } = await openJournal(t);
  t.same(await journal.forget(forgetting), { type: "conflict", actual: 0n });
  await journal.append(appendOf("a", 0n));
  await journal.append(appendOf("a", 1n));
  t.same(await journal.forget(forgetting), { type: "conflict", actual: 2n });
  const rows = await database.sql`select from event where payload <> ''`;
  t.equal(rows.length, 2, "nothing is erased");
});

t.test("forgettings and appends of one revision at once: one of them is there", async (t) => {
  const on = await openJournal(t);
  const { journal } = await on.open();
  await on.journal.append(appendOf("a", 0n));
  for (let revision = 1n; revision < 20n; revision++) {
    const results = await Promise.all([
      on.journal.forget({ ...forgetting, expectedRevision: revision }),
      journal.append(appendOf("a", revision)),
      journal.forget({ ...forgetting, expectedRevision: revision }),
    ]);
    t.same(results.map(({ type }) => type).toSorted(), ["appended", "conflict", "conflict"]);
  }
  t.equal(await journal.confirm("counter", "a"), 20n);
});

const alarm = (name: string): TimerChange => ({
  type: "schedule",
  name,
  due: { afterMs: 3_600_000 },
  command: "Ring",
  request: secret,
});
const timersOf = ({ database }: JournalFixture) => database.sql<{ name: string; id: string }[]>`
  select name, id from timer where entity_id = 'a' order by name`;

t.test("forget() ends the timers of the entity, and comes from one that stands or not at all", async (t) => {
  const on = await openJournal(t);
  await on.journal.append(appendOf("a", 0n, { timers: [alarm("one"), alarm("two")] }));
  await on.journal.append(appendOf("b", 0n, { timers: [alarm("one")] }));
  const [one] = await timersOf(on);
  if (one === undefined) throw new Error("no timer");
  const gone = { ...one, id: randomUUID() };
  t.same(await on.journal.forget({ ...forgetting, fires: gone }), { type: "gone" });
  t.equal((await timersOf(on)).length, 2);
  t.same(await on.journal.forget({ ...forgetting, fires: one }), { type: "appended", revision: 2n });
  t.equal((await timersOf(on)).length, 0);
  t.same(await on.journal.forget({ ...forgetting, expectedRevision: 2n, fires: one }), { type: "gone" });
  const [others] = await on.database.sql<{ count: number }[]>`select count(*)::int from timer`;
  t.equal(others?.count, 1, "those of others stay");
});

t.test(
  "a timer that is scheduled without an event is there before a forgetting, or not at all",
  async (t) => {
    const on = await openJournal(t);
    const { journal } = await on.open();
    await on.journal.append(appendOf("a", 0n));
    const entered = Promise.withResolvers<void>();
    const silent = appendOf("a", 1n, { events: [], timers: [alarm("late")] });
    let scheduled: ReturnType<typeof journal.append> | undefined;
    const done = await on.journal.forget({
      ...forgetting,
      rewrite() {
        scheduled = journal.append(silent);
        entered.resolve();
        return erase();
      },
    });
    await entered.promise;
    t.same(done, { type: "appended", revision: 2n });
    t.same(await scheduled, { type: "conflict", actual: 2n });
    t.equal((await timersOf(on)).length, 0);
  },
);
