// A disk of Postgres that is full: commands are refused at once and say that nothing was written, reads go on, and all
// goes on when there is room.
import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { errorDetail } from "@samspel/runtime";
import postgres from "postgres";
import t from "tap";
import { CounterService } from "../../gen/samspel/test/v1/counter_pb.ts";
import { until } from "../../support/until.ts";
import { startCounterService } from "./ground/counter-service.ts";
import { followJournal } from "./ground/follower.ts";
import { acknowledged, together, type Increment, type Ledger } from "./ground/ledger.ts";
import { startOwnPostgres } from "./ground/own-postgres.ts";
import { settle } from "./ground/settle.ts";
import { mountSmallDisk } from "./ground/small-disk.ts";
import { startStorm, type Storm } from "./ground/storm.ts";

t.test("a full disk refuses commands, at once and for certain, and nothing else", async (t) => {
  const disk = await mountSmallDisk(t, 200);
  if (disk === undefined) {
    t.pass("a small disk", { skip: "neither root nor `sudo` without a password: nothing can be mounted" });
    return;
  }
  const server = await startOwnPostgres(t, {
    dataDir: disk.folder,
    settings: { min_wal_size: "32MB", max_wal_size: "32MB", autovacuum: "off" },
  });
  const place = { url: server.url, schema: "counter" };
  const instances = await startCounterService(t, { databaseUrl: place.url, schema: place.schema });
  const follower = await followJournal(t, place);
  const urls = instances.map(({ url }) => url);
  const storm = startStorm(t, { urls, counters: ["a", "b", "c", "d"] });
  await rage(storm, 100);

  await disk.fill();
  const refusals = (): number => storm.ledger.failures.get("SAMSPEL_DATABASE_FULL") ?? 0;
  await until("commands are refused", () => refusals() >= 100, 60_000);
  const client = createClient(CounterService, createGrpcTransport({ baseUrl: urls[0] ?? "" }));
  const probes = await probeUntilRefused(client);
  t.match(errorDetail(probes.refusal), {
    code: "SAMSPEL_DATABASE_FULL",
    retryable: true,
    metadata: { outcome: "not written" },
  });
  const reads = storm.ledger.reads.length;
  await until("reads go on", () => storm.ledger.reads.length >= reads + 20, 60_000);

  await disk.makeRoom();
  await rage(storm, 200);

  // Where there is no room for its log either, Postgres dies, and cannot even start.
  await disk.fill();
  await writeLogUntilItDies(place.url);
  await disk.makeRoom();
  await server.restart();
  await rage(storm, 200);
  const ledger = together([await storm.stop(), probes.ledger]);
  await settle(t, { place, urls, ledger, follower });
});

/** A small event may still fit into a page that has room: that one counts, and the next one is tried. */
async function probeUntilRefused(
  client: Client<typeof CounterService>,
): Promise<{ readonly refusal: unknown; readonly ledger: Ledger }> {
  const increments: Increment[] = [];
  for (let amount = 10n ** 12n; ; amount++) {
    const about = { counterId: "a", amount, commandId: undefined, sentAtMs: performance.now() };
    try {
      const { value } = await client.increment({ counterId: "a", amount });
      const atMs = performance.now();
      increments.push({ ...about, outcome: { type: "acknowledged", value, atMs } });
    } catch (refusal) {
      const code = errorDetail(refusal)?.code ?? "none";
      increments.push({ ...about, outcome: { type: "refused", code } });
      return { refusal, ledger: { increments, reads: [], failures: new Map(), slowestMs: 0 } };
    }
  }
}

async function rage(storm: Storm, more: number): Promise<void> {
  const before = acknowledged(storm.ledger);
  await until(`${more} more are acknowledged`, () => acknowledged(storm.ledger) >= before + more, 60_000);
}

async function writeLogUntilItDies(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    for (let megabytes = 0; megabytes < 400; megabytes += 8) {
      await sql`select pg_logical_emit_message(false, 'ballast', repeat('x', 8000000))`;
    }
  } catch {
    return;
  } finally {
    await sql.end({ timeout: 1 });
  }
  throw new Error("Postgres wrote 400 MB of log to a full disk");
}
