// The runtime's own statements end in bounded time, whatever they wait for; those of users are never cut.
import t, { type Test } from "tap";
import {
  isTransient,
  openDatabase,
  tookNoEffect,
  transact,
  type Database,
} from "../../../ts-runtime/src/postgres/index.ts";
import { databaseUrl } from "../../support/environment.ts";
import { testSchema } from "../../support/isolation.ts";
import { silentLogger as logger } from "../../support/silent-logger.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";

const patienceMs = 600;
/** On a machine that has other things to do. */
const slackMs = 5_000;

async function open(t: Test, url: string = databaseUrl()): Promise<Database> {
  const database = await openDatabase({ url, schema: testSchema(t), logger, patienceMs });
  t.teardown(() => database.close());
  await database.sql`create table thing (id int primary key, value int)`;
  await database.sql`insert into thing values (1, 0), (2, 0)`;
  return database;
}

async function failureOf(work: Promise<unknown>): Promise<{ readonly error: unknown; readonly ms: number }> {
  const startedAtMs = performance.now();
  const error: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  return { error, ms: performance.now() - startedAtMs };
}

const change = (database: Database, id: number): Promise<unknown> =>
  database.bounded((sql) => sql`update thing set value = value + 1 where id = ${id}`);

t.test("bounded() gives up a lock that another session holds, and holds up nobody meanwhile", async (t) => {
  const database = await open(t);
  const release = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const holder = transact(database.sql, async (tx) => {
    await tx`update thing set value = -1 where id = 1`;
    held.resolve();
    await release.promise;
  });
  await held.promise;
  const hanging = Promise.all(Array.from({ length: 3 }, () => failureOf(change(database, 1))));
  for (let count = 0; count < 50; count++) await change(database, 2);
  for (const { error, ms } of await hanging) {
    // Who waits behind others that wait has to wait for two locks, and then it is the statement that takes too long.
    t.match(error, { code: /^(55P03|STATEMENT_TIMEOUT)$/ });
    t.ok(isTransient(error) && tookNoEffect(error), "nothing was written, and a retry may help");
    t.ok(ms < 2 * patienceMs + slackMs, `${ms} ms`);
  }
  release.resolve();
  await holder;
  await change(database, 1);
  t.same(
    [...(await database.sql`select value from thing order by id`)],
    [{ value: 0 }, { value: 50 }],
    "what was given up is not done later",
  );
});

t.test("bounded() ends a statement that takes too long; a user's statement takes its time", async (t) => {
  const database = await open(t);
  const users = database.sql`select pg_sleep(${(2 * patienceMs) / 1_000})`;
  const { error } = await failureOf(database.bounded((sql) => sql`select pg_sleep(60)`));
  t.match(error, { code: "STATEMENT_TIMEOUT", message: /after 450 ms/ });
  t.ok(isTransient(error) && tookNoEffect(error));
  await t.resolves(users);
  const wrong = await failureOf(database.bounded((sql) => sql`select * from nothing`));
  t.match(wrong.error, { code: "42P01" });
  t.notOk(isTransient(wrong.error), "what no retry heals stays what it is");
});

t.test("bounded() gives up a connection on which nothing comes any more", async (t) => {
  const proxy = await startTcpProxy(t, databaseUrl());
  const database = await open(t, proxy.url);
  await Promise.all(Array.from({ length: 20 }, () => change(database, 2)));
  proxy.freeze();
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => failureOf(change(database, 2))));
  for (const { error, ms } of outcomes) {
    t.ok(isTransient(error), String(error));
    t.notOk(tookNoEffect(error), "nobody knows");
    t.ok(ms < 2 * patienceMs + slackMs, `${ms} ms`);
  }
  await proxy.cut();
  await proxy.restore();
  for (let count = 0; count < 5; count++) await failureOf(change(database, 2));
  await change(database, 2);
  t.pass("it goes on with new connections");
});

t.test("bounded() leaves a connection alone that is idle, and a process free to end", async (t) => {
  const database = await open(t);
  const pid = async (): Promise<unknown> =>
    (await database.bounded((sql) => sql`select pg_backend_pid() as pid`))[0]?.["pid"];
  const before = await pid();
  await database.sql`select pg_sleep(${(3 * patienceMs) / 1_000})`;
  t.equal(await pid(), before);
});

t.test("listen() waits in vain for no subscription: who listens looks by himself as well", async (t) => {
  const proxy = await startTcpProxy(t, databaseUrl());
  const database = await open(t, proxy.url);
  proxy.freeze();
  const startedAtMs = performance.now();
  using _ = await database.listen("news", () => {});
  t.ok(performance.now() - startedAtMs < 2_000 + slackMs);
  await proxy.cut();
});
