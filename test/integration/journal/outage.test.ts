import { randomUUID } from "node:crypto";
import t from "tap";
import { runAppends } from "../../../ts-runtime/src/journal/append-statement.ts";
import { createJournal, startPosition } from "../../../ts-runtime/src/journal/index.ts";
import { migrate, openDatabase } from "../../../ts-runtime/src/postgres/index.ts";
import { databaseUrl } from "../../support/environment.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/until.ts";
import { appendOf, cutConnections, openJournal } from "../../support/journal.ts";

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
  t.same(await runAppends(database.sql, [mine]), [appended]);
  t.same(await runAppends(database.sql, [mine]), [appended]);
  await journal.append(appendOf("a", 1n));
  t.same(await runAppends(database.sql, [mine]), [appended]);
  t.same(await runAppends(database.sql, [{ ...mine, appendId: randomUUID() }]), [
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

t.test(
  "a journal whose database was away goes on: appends wait, reads wait, followers are woken again",
  async (t) => {
    const { schema } = await openJournal(t);
    const proxy = await startTcpProxy(t, databaseUrl());
    await using database = await openDatabase({
      url: proxy.url,
      schema,
      logger: silentLogger,
      maxConnections: 3,
    });
    await migrate(database);
    await using journal = createJournal({ database });
    const end = new AbortController();
    const seen: string[] = [];
    const following = (async () => {
      const pages = journal.follow({ after: startPosition, signal: end.signal, pollMs: 600_000 });
      for await (const page of pages) seen.push(...page.events.map(({ entityId }) => entityId));
    })();
    await journal.append(appendOf("before", 0n));
    await until("the follower is awake", () => seen.length === 1);

    await proxy.cut();
    const append = journal.append(appendOf("while", 0n));
    const revision = journal.confirm("counter", "before");
    const refused = await database.sql`select 1`.catch((error: unknown) => error);
    t.match(refused, { code: /ECONNREFUSED|CONNECTION_CLOSED|ECONNRESET/ });
    await proxy.restore();
    t.match(await append, { type: "appended" });
    t.equal(await revision, 1n);
    await until("the follower caught up", () => seen.length === 2);
    await journal.append(appendOf("after", 0n));
    await until("the follower is woken", () => seen.length === 3);
    end.abort();
    await following;
    t.same(seen, ["before", "while", "after"]);
  },
);
