// Clocks that jump: those of the services, and, as far as rows can show it, that of the database (L1, L2, T4).
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import postgres, { type Sql } from "postgres";
import t, { type Test } from "tap";
import { databaseUrl } from "../../support/environment.ts";
import { testSchema } from "../../support/isolation.ts";
import { until } from "../../support/until.ts";
import { startCounterService } from "./ground/counter-service.ts";
import { followJournal } from "./ground/follower.ts";
import type { Place } from "./ground/journal-rows.ts";
import { acknowledged } from "./ground/ledger.ts";
import { settle } from "./ground/settle.ts";
import { startStorm } from "./ground/storm.ts";

const jumpingClock = join(import.meta.dirname, "fixtures/jumping-clock.ts");

function open(t: Test, { url, schema }: Place): Sql {
  const sql = postgres(url, { max: 1, onnotice: () => {}, connection: { search_path: `"${schema}"` } });
  t.teardown(() => sql.end({ timeout: 1 }));
  return sql;
}

t.test("clocks of services that jump by hours change nothing", async (t) => {
  const place = { url: databaseUrl(), schema: testSchema(t) };
  const instances = await startCounterService(t, {
    databaseUrl: place.url,
    schema: place.schema,
    nodeArgs: ["--import", jumpingClock],
  });
  const follower = await followJournal(t, place);
  const urls = instances.map(({ url }) => url);
  const storm = startStorm(t, { urls, counters: ["a", "b", "c", "d"] });
  await sleep(8_000);
  const ledger = await storm.stop();
  t.ok(acknowledged(ledger) > 100);
  const failures = [...ledger.failures].filter(([code]) => code !== "SAMSPEL_REVISION_CONFLICT");
  t.same(failures, [], "no call fails, and none ends before its time");
  await settle(t, { place, urls, ledger, follower });
});

t.test("leases whose times jump change hands at the most, and double nothing", async (t) => {
  const place = { url: databaseUrl(), schema: testSchema(t) };
  const instances = await startCounterService(t, { databaseUrl: place.url, schema: place.schema });
  const sql = open(t, place);
  const urls = instances.map(({ url }) => url);
  const storm = startStorm(t, { urls, counters: ["a", "b", "c", "d"] });
  for (let jump = 0; jump < 40; jump++) {
    await sql`update lease set expires_at = clock_timestamp() + ${jump % 2 === 0 ? -3_600 : 3_600} * interval '1 second'`;
    await sleep(150);
  }
  const ledger = await storm.stop();
  await settle(t, { place, urls, ledger });
});

t.test("a lease that ends in hours, of a holder that is dead, keeps nobody out for hours", async (t) => {
  const place = { url: databaseUrl(), schema: testSchema(t) };
  const instances = await startCounterService(t, { databaseUrl: place.url, schema: place.schema });
  const sql = open(t, place);
  const urls = instances.map(({ url }) => url);
  const storm = startStorm(t, { urls, counters: ["a"], writers: 2 });
  const epoch = async (): Promise<bigint> => {
    const [row] = await sql<{ epoch: string }[]>`select epoch from lease`;
    return BigInt(row?.epoch ?? 0n);
  };
  await until("the lease is held", async () => (await epoch()) > 0n);
  const before = await epoch();
  const [lease] = await sql<{ owner: string }[]>`select owner from lease`;
  const holder = instances.find(({ process: { pid } }) => lease?.owner.endsWith(`/${pid}`));
  await holder?.kill();
  // As after a clock of the database that was hours ahead and was put right.
  await sql`update lease set expires_at = clock_timestamp() + interval '5 hours'`;
  await until("another instance has taken over", async () => (await epoch()) > before, 30_000);
  await holder?.start();
  await settle(t, { place, urls, ledger: await storm.stop() });
});
