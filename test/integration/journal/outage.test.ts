import { randomUUID } from "node:crypto";
import t from "tap";
import { runAppends } from "../../../ts-runtime/src/journal/append-statement.ts";
import { createJournal } from "../../../ts-runtime/src/journal/index.ts";
import { until } from "../../support/until.ts";
import { appendOf, cutConnections, openJournal } from "./journal-fixture.ts";

t.test("append() keeps every acknowledged append, once, while backends are killed under load", async (t) => {
  const { journal, database, schema } = await openJournal(t);
  const entities = 40;
  const each = 25;
  let cuts = 0;
  const failures: unknown[] = [];
  const done = new AbortController();
  const cutting = (async () => {
    while (!done.signal.aborted && cuts < 20) cuts += await cutConnections(schema);
  })();
  await Promise.all(
    Array.from({ length: entities }, async (_, index) => {
      for (let revision = 0n; revision < BigInt(each); revision++) {
        const result = await journal.append(
          appendOf(`e${index}`, revision, {
            command: { id: `c${revision}`, reply: Buffer.from(String(revision)) },
          }),
        );
        if (result.type !== "appended" || result.revision !== revision + 1n) failures.push(result);
      }
    }),
  );
  done.abort();
  await cutting;
  t.same(failures, []);
  t.ok(cuts > 5, `${cuts} connections were cut`);
  const stored = await until("the database answers", async () =>
    database.sql<{ events: number; entities: number; last: number; commands: number }[]>`
      select count(*)::int as events, count(distinct entity_id)::int as entities,
        max(revision)::int as last, (select count(*) from command)::int as commands from event`.catch(
      () => undefined,
    ),
  );
  t.same(stored?.[0], { events: entities * each, entities, last: each, commands: entities * each });
});

t.test("runAppends() knows its own append again, also behind later ones", async (t) => {
  const { database, journal } = await openJournal(t);
  const mine = { ...appendOf("a", 0n), appendId: randomUUID() };
  const appended = { type: "appended", revision: 1n };
  t.same(await runAppends(database.sql, "none", [mine]), [appended]);
  t.same(await runAppends(database.sql, "none", [mine]), [appended]);
  await journal.append(appendOf("a", 1n));
  t.same(await runAppends(database.sql, "none", [mine]), [appended]);
  t.same(await runAppends(database.sql, "none", [{ ...mine, appendId: randomUUID() }]), [
    { type: "conflict", actual: 2n },
  ]);
  t.equal(await journal.confirm("counter", "a"), 2n);
});

t.test("append() says that the outcome is unknown when the database stays away", async (t) => {
  const { database } = await openJournal(t);
  const journal = createJournal({ database, retryForMs: 0 });
  await database.sql`create function stop() returns trigger language plpgsql as
    $$ begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(1); return new; end $$`;
  await database.sql`create trigger stop before insert on event for each row execute function stop()`;
  await t.rejects(journal.append(appendOf("a", 0n)), {
    code: "SAMSPEL_DATABASE_UNREACHABLE",
    metadata: { outcome: "unknown" },
  });
  await database.sql`drop trigger stop on event`;
  t.match(await journal.append(appendOf("a", 0n)), { type: "appended" });
  await journal.close();
});
