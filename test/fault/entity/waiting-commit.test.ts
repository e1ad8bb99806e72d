// One Postgres for many services, and commits that take their time, such as those that a replica must confirm.
import t, { type Test } from "tap";
import { createJournal, type Journal } from "../../../ts-runtime/src/journal/index.ts";
import { migrate, openDatabase } from "../../../ts-runtime/src/postgres/index.ts";
import { appendOf } from "../../support/journal.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { until } from "../../support/until.ts";
import { startOwnPostgres } from "./ground/own-postgres.ts";

async function openJournalAt(t: Test, url: string, schema: string): Promise<Journal> {
  const database = await openDatabase({ url, schema, logger: silentLogger });
  await migrate(database);
  const journal = createJournal({ database });
  t.teardown(async () => {
    await journal.close();
    await database.close();
  });
  return journal;
}

t.test("a commit that waits for its replica holds up no other service of the server (W1)", async (t) => {
  const server = await startOwnPostgres(t, {
    settings: { synchronous_commit: "local", synchronous_standby_names: "nobody" },
  });
  const swift = await openJournalAt(t, server.url, "swift");
  await openJournalAt(t, server.url, "slow");
  const admin = await openDatabase({ url: server.url, schema: "admin", logger: silentLogger });
  t.teardown(() => admin.close());

  const confirmed = new URL(server.url);
  confirmed.searchParams.set("synchronous_commit", "on");
  const slowDatabase = await openDatabase({ url: confirmed.href, schema: "slow", logger: silentLogger });
  const slow = createJournal({ database: slowDatabase });
  let isAnswered = false;
  const waiting = slow.append(appendOf("a", 0n)).finally(() => {
    isAnswered = true;
  });
  await until("its commit waits for the replica", async () => {
    const [found] = await admin.sql`select from pg_stat_activity where wait_event = 'SyncRep'`;
    return found !== undefined;
  });

  t.match(await swift.append(appendOf("b", 0n)), { type: "appended", revision: 1n });
  t.equal(isAnswered, false, "the other one waits still");
  // Who is told to stop waiting has committed all the same.
  await admin.sql`select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'`;
  t.match(await waiting, { type: "appended", revision: 1n });
  await slow.close();
  await slowDatabase.close();
});
