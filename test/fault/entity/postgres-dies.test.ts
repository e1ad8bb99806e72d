// Postgres that is killed and restarted, connections that are cut in the middle of commits, and answers that are lost
// behind them (J1-J5; P1 of the appender).
import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { databaseUrl } from "../../support/environment.ts";
import { testSchema } from "../../support/isolation.ts";
import { cutConnections } from "../../support/journal.ts";
import { startPostgresProxy } from "../../support/postgres-proxy.ts";
import { until } from "../../support/until.ts";
import { startCounterService } from "./ground/counter-service.ts";
import { followJournal } from "./ground/follower.ts";
import { acknowledged, type Ledger } from "./ground/ledger.ts";
import { startOwnPostgres } from "./ground/own-postgres.ts";
import { settle } from "./ground/settle.ts";
import { startStorm, type Storm } from "./ground/storm.ts";

const counters = ["a", "b", "c", "d", "e", "f"];

const rage = async (storm: Storm, more: number): Promise<void> => {
  const before = acknowledged(storm.ledger);
  await until(`${more} more are acknowledged`, () => acknowledged(storm.ledger) >= before + more, 60_000);
};

const unanswered = ({ increments }: Ledger): readonly object[] =>
  increments.filter(({ commandId, outcome }) => commandId !== undefined && outcome.type !== "acknowledged");

t.test("nothing is lost or doubled though Postgres is killed and restarted in a storm", async (t) => {
  const server = await startOwnPostgres(t);
  const place = { url: server.url, schema: "counter" };
  const instances = await startCounterService(t, { databaseUrl: place.url, schema: place.schema });
  const follower = await followJournal(t, place);
  const urls = instances.map(({ url }) => url);
  const storm = startStorm(t, { urls, counters });
  for (const strike of ["crash", "shutdown", "crash", "shutdown"]) {
    await rage(storm, 200);
    await sleep(30 * Math.random());
    if (strike === "crash") await server.kill();
    await server.restart();
  }
  await rage(storm, 100);
  const ledger = await storm.stop();
  t.same(unanswered(ledger), [], "who repeats a command with its id gets an answer");
  t.same(
    ledger.increments.filter(({ outcome }) => outcome.type === "unknown"),
    [],
    "a database that is back in time costs no command: its outcome is looked up",
  );
  await settle(t, { place, urls, ledger, follower });
});

t.test("nothing is lost or doubled though connections are cut in the middle of commits", async (t) => {
  const place = { url: databaseUrl(), schema: testSchema(t) };
  const instances = await startCounterService(t, { databaseUrl: place.url, schema: place.schema });
  const follower = await followJournal(t, place);
  const urls = instances.map(({ url }) => url);
  const storm = startStorm(t, { urls, counters });
  let cuts = 0;
  for (let round = 0; round < 25; round++) {
    await rage(storm, 20);
    cuts += await cutConnections(place.schema);
  }
  const ledger = await storm.stop();
  t.ok(cuts > 50, `${cuts} connections were cut`);
  t.same(
    ledger.increments.filter(({ outcome }) => outcome.type === "unknown"),
    [],
    "no caller hears of it",
  );
  await settle(t, { place, urls, ledger, follower });
});

t.test("an append whose answer is lost behind the commit is found again, and never doubled", async (t) => {
  const place = { url: databaseUrl(), schema: testSchema(t) };
  const proxy = await startPostgresProxy(t, place.url, {
    // It stands in an append's parameters.
    marker: `${place.schema}.event`,
    fate: () => (Math.random() < 0.25 ? "swallow" : "pass"),
  });
  const instances = await startCounterService(t, { databaseUrl: proxy.url, schema: place.schema });
  const follower = await followJournal(t, place);
  const urls = instances.map(({ url }) => url);
  const storm = startStorm(t, { urls, counters });
  await until("150 answers are lost", () => proxy.swallowed >= 150, 60_000);
  const ledger = await storm.stop();
  t.same(
    ledger.increments.filter(({ outcome }) => outcome.type === "unknown"),
    [],
    "no caller hears of it",
  );
  await settle(t, { place, urls, ledger, follower });
});
