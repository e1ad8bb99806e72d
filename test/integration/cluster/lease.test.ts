import t, { type Test } from "tap";
import { holdLease } from "../../../ts-runtime/src/cluster/hold-lease.ts";
import { runUnderLease } from "../../../ts-runtime/src/cluster/index.ts";
import type { Lease } from "../../../ts-runtime/src/cluster/lease.ts";
import { migrate, openDatabase, type Database } from "../../../ts-runtime/src/postgres/index.ts";
import { databaseUrl } from "../../support/environment.ts";
import { testSchema } from "../../support/isolation.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { until } from "../../support/until.ts";

async function openCluster(t: Test): Promise<{ database: Database; end: AbortController }> {
  const database = await openDatabase({
    url: databaseUrl(),
    schema: testSchema(t),
    maxConnections: 4,
    logger: silentLogger,
  });
  await migrate(database);
  t.teardown(() => database.close());
  return { database, end: new AbortController() };
}

function required(lease: Lease | undefined): Lease {
  if (lease === undefined) throw new Error("The lease is not held");
  return lease;
}

t.test("holdLease() lets one in, and the next at once after a release, under a higher epoch", async (t) => {
  const { database, end } = await openCluster(t);
  const options = { database, name: "work", ttlMs: 60_000, signal: end.signal };
  const first = required(await holdLease({ ...options, owner: "a" }));
  let second: Lease | undefined;
  const waiting = holdLease({ ...options, owner: "b" }).then((lease) => (second = lease));
  const elsewhere = required(await holdLease({ ...options, owner: "b", name: "other" }));
  t.equal(second, undefined);
  await first.release();
  await waiting;
  t.ok(required(second).epoch > first.epoch);
  await Promise.all([second?.release(), elsewhere.release()]);
});

t.test("holdLease() renews: a live holder keeps its lease beyond the time to live", async (t) => {
  const { database, end } = await openCluster(t);
  const options = { database, name: "work", ttlMs: 400, signal: end.signal };
  const held = required(await holdLease({ ...options, owner: "a" }));
  const first = await expiry(database);
  const waiting = holdLease({ ...options, owner: "b" });
  await until("the lease was renewed often", async () => (await expiry(database)) > first + 1_000);
  t.notOk(held.signal.aborted);
  end.abort();
  t.equal(await waiting, undefined, "who waits gives up when told to");
  await held.release();
});

t.test("holdLease() takes over from a dead holder, who is told when it comes back", async (t) => {
  const { database, end } = await openCluster(t);
  const options = { database, name: "work", ttlMs: 300, signal: end.signal };
  const held = required(await holdLease({ ...options, owner: "a" }));
  // As if the holder had been frozen: its time is over and another one is in.
  await database.sql`update lease set expires_at = '-infinity'`;
  const next = required(await holdLease({ ...options, owner: "b", ttlMs: 60_000 }));
  t.equal(next.epoch, held.epoch + 1n);
  await until("the old holder knows", () => held.signal.aborted);
  t.match(held.signal.reason, { code: "SAMSPEL_LEASE_LOST" });
  await held.release();
  const [row] = await database.sql<{ owner: string; live: boolean }[]>`
    select owner, expires_at > clock_timestamp() as live from lease`;
  t.same(row, { owner: "b", live: true }, "a late release harms nobody");
  await next.release();
});

t.test(
  "a holder stops believing when the database does not answer (before another may come in)",
  async (t) => {
    const { database, end } = await openCluster(t);
    const held = required(
      await holdLease({ database, name: "work", owner: "a", ttlMs: 500, signal: end.signal }),
    );
    const blocked = database.sql.begin(async (tx) => {
      await tx`select 1 from lease for update`;
      await until("the lease is lost", () => held.signal.aborted, 5_000);
      const [row] = await tx<{ left: boolean }[]>`
      select expires_at > clock_timestamp() - interval '100 milliseconds' as left from lease`;
      return row?.left;
    });
    t.equal(await blocked, true);
    await held.release();
  },
);

t.test(
  "runUnderLease() runs the work in one place, again after a failure, and elsewhere after a stop",
  async (t) => {
    const { database } = await openCluster(t);
    const ends = { a: new AbortController(), b: new AbortController() };
    const epochs: bigint[] = [];
    let running = 0;
    let most = 0;
    const run = (owner: "a" | "b"): Promise<void> =>
      runUnderLease(
        { database, name: "work", owner, ttlMs: 60_000, signal: ends[owner].signal },
        async (signal, epoch) => {
          most = Math.max(most, ++running);
          try {
            epochs.push(epoch);
            if (epochs.length === 1) throw new Error("planned");
            await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
          } finally {
            running--;
          }
        },
      );
    const runs = [run("a"), run("b")];
    await until("the work runs again", () => epochs.length === 2);
    const [holder] = await database.sql<{ owner: "a" | "b" }[]>`select owner from lease`;
    const first = holder?.owner ?? "a";
    ends[first].abort();
    await until("the other one took over", () => epochs.length === 3);
    ends.a.abort();
    ends.b.abort();
    await Promise.all(runs);
    t.equal(most, 1);
    t.same(
      epochs,
      epochs.toSorted((a, b) => Number(a - b)),
    );
    t.equal(new Set(epochs).size, 3);
  },
);

async function expiry({ sql }: Database): Promise<number> {
  const [row] = await sql<{ at: Date }[]>`select expires_at as at from lease`;
  return row?.at.getTime() ?? 0;
}
