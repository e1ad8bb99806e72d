// One Postgres for many services, and commits that take their time, such as those that a replica must confirm.
import t from "tap";
import { appendOf, openProcess } from "../../support/journal.ts";
import { until } from "../../support/until.ts";
import { startOwnPostgres } from "./ground/own-postgres.ts";

t.test("a commit that waits for its replica holds up no other service of the server (W1)", async (t) => {
  const server = await startOwnPostgres(t, {
    settings: { synchronous_commit: "local", synchronous_standby_names: "nobody" },
  });
  const swift = await openProcess(t, { url: server.url, schema: "swift" });
  // Its tables are made without the replica.
  await openProcess(t, { url: server.url, schema: "slow" });
  const confirmed = new URL(server.url);
  confirmed.searchParams.set("synchronous_commit", "on");
  const slow = await openProcess(t, { url: confirmed.href, schema: "slow" });
  let isAnswered = false;
  const waiting = slow.journal.append(appendOf("a", 0n)).finally(() => {
    isAnswered = true;
  });
  await until("its commit waits for the replica", async () => {
    const [found] = await swift.database.sql`select from pg_stat_activity where wait_event = 'SyncRep'`;
    return found !== undefined;
  });

  t.match(await swift.journal.append(appendOf("b", 0n)), { type: "appended", revision: 1n });
  t.equal(isAnswered, false, "the other one waits still");
  // Who is told to stop waiting has committed all the same.
  await swift.database.sql`select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'`;
  t.match(await waiting, { type: "appended", revision: 1n });
});
