// Finding one's way in the journal: one entity's events, the ends, a time, the entities that there are.
import { randomUUID } from "node:crypto";
import postgres from "postgres";
import t from "tap";
import { createJournal, look, startPosition } from "../../../ts-runtime/src/journal/index.ts";
import { comparePositions } from "../../../ts-runtime/src/journal/position.ts";
import { migrate, openDatabase } from "../../../ts-runtime/src/postgres/index.ts";
import { databaseUrl } from "../../support/environment.ts";
import { appendOf, openJournal } from "../../support/journal.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { until } from "../../support/until.ts";

t.test("readEntity() gives one entity's events after a revision, page by page", async (t) => {
  const { journal } = await openJournal(t);
  for (let revision = 0n; revision < 5n; revision++) {
    await journal.append(appendOf("a", revision));
    await journal.append(appendOf("b", revision));
  }
  const a = { entityType: "counter", entityId: "a" };
  const first = await journal.readEntity({ ...a, limit: 3 });
  const rest = await journal.readEntity({ ...a, after: 3n, limit: 3 });
  t.same(
    [...first, ...rest].map(({ payload }) => Buffer.from(payload).toString()),
    ["a/1", "a/2", "a/3", "a/4", "a/5"],
  );
  t.match(rest[1], { ...a, revision: 5n, position: { tx: BigInt }, recordedAt: Date });
  t.same(await journal.readEntity({ ...a, entityId: "c" }), []);
});

t.test("what no reader can want is refused, with its value", async (t) => {
  const { journal } = await openJournal(t);
  const after = startPosition;
  await t.rejects(journal.read({ after, limit: 0 }), {
    name: "RangeError",
    message: "Cannot read the journal as limit must be an integer from 1 to 100000: current value is 0",
  });
  await t.rejects(journal.read({ after, slices: { from: 0, to: 1024 } }), /slices\.to .* 0 to 1023: .* 1024/);
  await t.rejects(journal.read({ after, slices: { from: 9, to: 8 } }), /slices\.to .* from 9 to 1023: .* 8/);
  await t.rejects(journal.readEntity({ entityType: "a", entityId: "b", limit: 1.5 }), /limit .* 1\.5/);
  await t.rejects(journal.positionAt(new Date("never")), /invalid date/);
});

t.test("ends() gives the first and the last event that can be read", async (t) => {
  const { journal, database } = await openJournal(t);
  t.equal(await journal.ends(), undefined);
  for (const id of ["a", "b", "c"]) await journal.append(appendOf(id, 0n));
  const { events } = await until("all are read", async () => {
    const page = await journal.read({ after: startPosition });
    return page.events.length === 3 && page;
  });
  t.same(await journal.ends(), { first: events[0]?.position, last: events[2]?.position });
  const held = database.sql.begin(async (tx) => {
    await tx`select pg_current_xact_id()`;
    await journal.append(appendOf("d", 0n));
    t.same((await journal.ends())?.last, events[2]?.position, "what is held back is not yet there");
  });
  await held;
});

t.test("positionAt() leads to what was recorded at a time or later, and to nothing before", async (t) => {
  const { journal, database } = await openJournal(t);
  const { sql } = database;
  t.same(
    (await journal.read({ after: await journal.positionAt(new Date(0)) })).events,
    [],
    "an empty journal",
  );
  for (let i = 0; i < 40; i++) {
    await journal.append(
      appendOf(`e${i}`, 0n, { events: [{ payload: Buffer.of(1) }, { payload: Buffer.of(2) }] }),
    );
    // Transactions without events lie between, as on any server.
    if (i % 3 === 0) await sql`select pg_current_xact_id()`;
  }
  const start = new Date("2026-01-01T00:00:00Z").getTime();
  // A second an append; the second of its events a millisecond later.
  await sql`
    update event e set recorded_at = ${new Date(start)}::timestamptz
      + interval '1 second' * n.rank + interval '1 millisecond' * (e.revision - 1)
    from (select tx as of, dense_rank() over (order by tx)::int as rank from event) n where n.of = e.tx`;
  const { events } = await until("all are read", async () => {
    const page = await journal.read({ after: startPosition });
    return page.events.length === 80 && page;
  });
  for (const second of [-5, 0, 1, 2, 17, 39, 40]) {
    const at = new Date(start + second * 1_000);
    const page = await journal.read({ after: await journal.positionAt(at) });
    t.same(
      page.events.map(({ position }) => position),
      events.filter(({ recordedAt }) => recordedAt >= at).map(({ position }) => position),
      `at second ${second}`,
    );
  }
  const end = await journal.positionAt(new Date(start + 41_000));
  t.same((await journal.read({ after: end })).events, [], "behind all");
  t.ok(comparePositions(end, events[79]?.position ?? end) > 0);
  await journal.append(appendOf("later", 0n));
  await until(
    "what comes is behind it",
    async () => (await journal.read({ after: end })).events.length === 1,
  );
});

t.test("positionAt() does not pass over a transaction that is still open", async (t) => {
  const { journal, database } = await openJournal(t);
  await journal.append(appendOf("before", 0n));
  const time = new Date(Date.now() - 60_000);
  await database.sql`update event set recorded_at = ${new Date(time.getTime() - 1_000)}`;
  await until("it can be read", async () => (await journal.ends()) !== undefined);
  const open = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const slow = database.sql.begin(async (tx) => {
    await tx`insert into event (entity_type, entity_id, revision, slice, append_id, payload)
      values ('counter', 'slow', 1, 0, gen_random_uuid(), '')`;
    begun.resolve();
    await open.promise;
  });
  await begun.promise;
  await journal.append(appendOf("fast", 0n));
  const after = await journal.positionAt(time);
  open.resolve();
  await slow;
  await until("both are behind it, in order", async () => {
    const { events } = await journal.read({ after });
    return events.map(({ entityId }) => entityId).join() === "slow,fast";
  });
});

t.test("ids stand in the order of their bytes, whatever the database's language", async (t) => {
  const admin = postgres(databaseUrl(), { max: 1, onnotice: () => {} });
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await admin.unsafe(`create database ${name} template template0 locale_provider icu icu_locale 'en-US'`);
  t.teardown(async () => {
    await admin.unsafe(`drop database ${name} with (force)`);
    await admin.end();
  });
  const url = new URL(databaseUrl());
  url.pathname = `/${name}`;
  await using database = await openDatabase({ url: url.href, schema: "words", logger: silentLogger });
  await migrate(database);
  await using journal = createJournal({ database });
  const ids = ["b", "B", "a-c", "ab", "a", "é", "e", "a_b", "a-", "ä"];
  await Promise.all(ids.map((id) => journal.append(appendOf(id, 0n))));
  const list = (idPrefix: string) =>
    look(database, 5_000, async (view) => {
      const found = await view.listEntities({ entityType: "counter", idPrefix, limit: 100 });
      return found.map(({ entityId }) => entityId);
    });
  t.same(await list(""), ["B", "a", "a-", "a-c", "a_b", "ab", "b", "e", "ä", "é"]);
  t.same(await list("a"), ["a", "a-", "a-c", "a_b", "ab"]);
  t.same(await list("a-"), ["a-", "a-c"]);
  const { length } = await journal.readEntity({ entityType: "counter", entityId: "ä" });
  t.equal(length, 1);
});
