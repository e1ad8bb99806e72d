// A transaction whose connection is cut must end as an error, and not with the process.
import t from "tap";
import { transact } from "../../../ts-runtime/src/postgres/index.ts";
import { until } from "../../support/until.ts";
import { cutConnections, openJournal } from "../../support/journal.ts";

t.test("transact() commits what its work returns from, and rolls back what it throws from", async (t) => {
  const { database } = await openJournal(t);
  const { sql } = database;
  await sql`create table note (text text)`;
  t.equal(
    await transact(sql, async (tx) => {
      await tx`insert into note values ('kept')`;
      return 7;
    }),
    7,
  );
  const failure = transact(sql, async (tx) => {
    await tx`insert into note values ('dropped')`;
    throw new RangeError("no");
  });
  await t.rejects(failure, { message: "no" });
  await t.rejects(
    transact(sql, (tx) => tx`select 1/0`),
    { code: "22012" },
  );
  t.same(await sql`select text from note`, [{ text: "kept" }]);
});

t.test("transact() rejects, and nothing else happens, when its connection is cut", async (t) => {
  const { database, schema } = await openJournal(t);
  const { sql } = database;
  await sql`create table note (text text)`;
  let known = false;
  const betweenQueries = transact(sql, async (tx) => {
    await tx`insert into note values ('lost')`;
    await cutConnections(schema);
    await until("the news has arrived", () => known);
    await tx`insert into note values ('lost, too')`;
  });
  betweenQueries.catch(() => {
    known = true;
  });
  await t.rejects(betweenQueries, { code: "CONNECTION_CLOSED" });

  const started = Promise.withResolvers<void>();
  const inQuery = transact(sql, async (tx) => {
    await tx`insert into note values ('lost')`;
    started.resolve();
    await tx`select pg_sleep(10)`;
  });
  inQuery.catch(() => {});
  await started.promise;
  await cutConnections(schema);
  await t.rejects(inQuery, { code: /CONNECTION_CLOSED|57P01/ });

  const notes = await until("the pool goes on", () =>
    transact(sql, (tx) => tx`select text from note`).catch(() => false as const),
  );
  t.same(notes, []);
});

t.test(
  "transact() does not end the process when its connection is cut while it waits for something else",
  async (t) => {
    const { database, schema } = await openJournal(t);
    const { sql } = database;
    await sql`create table note (text text)`;
    const begun = Promise.withResolvers<void>();
    const other = Promise.withResolvers<void>();
    const idle = transact(sql, async (tx) => {
      await tx`insert into note values ('lost')`;
      begun.resolve();
      await other.promise;
    });
    const outcome = t.rejects(idle, { code: "CONNECTION_CLOSED" });
    await begun.promise;
    await cutConnections(schema);
    await outcome;
    other.resolve();
    const notes = await until("the pool goes on", () =>
      transact(sql, (tx) => tx`select text from note`).catch(() => false as const),
    );
    t.same(notes, []);
  },
);
