// Statements that hang: behind a lock of another session, or on a network that swallows what is sent. Commands fail in
// bounded time and say what is known of their outcome; what does not hang goes on; afterwards all goes on.
//
// On servers of their own, as a transaction that is open holds back the readers of all tests (J4).
import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { errorDetail } from "@samspel/runtime";
import postgres, { type Sql } from "postgres";
import t, { type Test } from "tap";
import { CounterService } from "../../gen/samspel/test/v1/counter_pb.ts";
import { defineCounter } from "../../support/counter.ts";
import { leaveAtOnce } from "../../support/leave-at-once.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/until.ts";
import { startCounterService } from "./ground/counter-service.ts";
import type { Place } from "./ground/journal-rows.ts";
import { acknowledged } from "./ground/ledger.ts";
import { increment, openHost } from "./ground/local-host.ts";
import { startOwnPostgres } from "./ground/own-postgres.ts";
import { settle } from "./ground/settle.ts";
import { startStorm } from "./ground/storm.ts";

leaveAtOnce();

/**
 * An append gives up after 8 s of trying; what began before and behind may take 3 s each. It may have waited for a group
 * that hangs just so. The rest is for the machine.
 */
const boundMs = 2 * (8_000 + 3_000 + 3_000) + 6_000;

/** Calls that hang bring the limit down to them, and then it would be the limit that refuses the next one. */
const withoutLimit = { WITH_LIMIT: "no" };

const clientOf = (url: string): Client<typeof CounterService> =>
  createClient(CounterService, createGrpcTransport({ baseUrl: url }));

/** A session that holds locks in an open transaction until it is disposed. */
async function holdLocks(
  t: Test,
  { url, schema }: Place,
  lock: (sql: Sql) => Promise<unknown>,
): Promise<() => Promise<void>> {
  const sql = postgres(url, { max: 1, onnotice: () => {}, connection: { search_path: `"${schema}"` } });
  t.teardown(() => sql.end({ timeout: 1 }));
  await sql.unsafe("begin");
  await lock(sql);
  return async () => void (await sql.unsafe("rollback"));
}

/** The second event of the counter "stuck", which nobody has committed. */
const insertSecond = (sql: Sql): Promise<unknown> =>
  sql.unsafe(`insert into event (entity_type, entity_id, revision, slice, append_id, payload)
    select entity_type, entity_id, 2, slice, gen_random_uuid(), payload from event where entity_id = 'stuck'`);

interface Failure {
  readonly code: string | undefined;
  readonly outcome: string | undefined;
  readonly ms: number;
}

async function failureOf(call: Promise<unknown>): Promise<Failure> {
  const startedAtMs = performance.now();
  const error: unknown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  const detail = errorDetail(error);
  return {
    code: detail?.code ?? String(error),
    outcome: detail?.metadata["outcome"],
    ms: performance.now() - startedAtMs,
  };
}

t.test("a journal that another session locks costs time, and nothing else", async (t) => {
  const place = { url: (await startOwnPostgres(t)).url, schema: "counter" };
  const instances = await startCounterService(t, {
    databaseUrl: place.url,
    schema: place.schema,
    env: withoutLimit,
  });
  const urls = instances.map(({ url }) => url);
  const client = clientOf(urls[0] ?? "");
  const storm = startStorm(t, { urls, counters: ["a", "b", "c"], deadlineMs: 60_000 });
  await until("the storm rages", () => acknowledged(storm.ledger) >= 100, 60_000);
  await client.getCounter({ counterId: "known" });
  const release = await holdLocks(t, place, (sql) => sql.unsafe("lock table event in access exclusive mode"));
  const failures = await Promise.all(
    // Not of the storm, whose commands wait for each other.
    ["known", "new"].map((counterId) =>
      failureOf(client.increment({ counterId, amount: 10n ** 12n }, { timeoutMs: 60_000 })),
    ),
  );
  for (const { code, outcome, ms } of failures) {
    t.equal(code, "SAMSPEL_DATABASE_UNREACHABLE");
    t.not(outcome, "unknown", "what Postgres itself ended is known not to be written");
    t.ok(ms < boundMs, `failed after ${Math.round(ms)} ms`);
  }
  await release();
  const before = acknowledged(storm.ledger);
  await until("the storm rages again", () => acknowledged(storm.ledger) >= before + 100, 60_000);
  const ledger = await storm.stop();
  t.ok(ledger.slowestMs < boundMs + 14_000, `the slowest call took ${Math.round(ledger.slowestMs)} ms`);
  await settle(t, { place, urls, ledger });
});

t.test("an entity whose append hangs holds up no other entity", async (t) => {
  const place = { url: (await startOwnPostgres(t)).url, schema: "counter" };
  const instances = await startCounterService(t, {
    databaseUrl: place.url,
    schema: place.schema,
    instances: 1,
    env: { WITH_PROJECTION: "no" }, // an open transaction that has written holds up readers, as it must (J4)
  });
  const urls = instances.map(({ url }) => url);
  const client = clientOf(urls[0] ?? "");
  await client.increment({ counterId: "stuck", amount: 10n ** 12n });
  const release = await holdLocks(t, place, insertSecond);
  const storm = startStorm(t, { urls, counters: ["a", "b", "c"], writers: 6, deadlineMs: 60_000 });
  const failure = await failureOf(
    client.increment({ counterId: "stuck", amount: 1n }, { timeoutMs: 60_000 }),
  );
  t.match(failure, { code: "SAMSPEL_DATABASE_UNREACHABLE", outcome: "not written" });
  t.ok(failure.ms < boundMs, `failed after ${Math.round(failure.ms)} ms`);
  const during = acknowledged(storm.ledger);
  t.ok(during > 100, `the others had ${during} answers meanwhile`);
  await release();
  t.equal((await client.increment({ counterId: "stuck", amount: 1n })).value, 10n ** 12n + 1n, "it goes on");
  const ledger = await storm.stop();
  t.same([...ledger.failures], [], "the others felt nothing");
  // A group that hangs is given up after 2 s, and its members go one by one.
  t.ok(ledger.slowestMs < 2_000 + 4_000, `their slowest call took ${Math.round(ledger.slowestMs)} ms`);
});

// To do in the appender: a group that Postgres ended is to be tried one by one, as one that lost a race is.

t.test("appends that went in one group with one that hangs are done without it", async (t) => {
  const place = { url: (await startOwnPostgres(t)).url, schema: "counter" };
  const local = await openHost(t, { entity: defineCounter(), ...place });
  const ids = ["stuck", "a", "b", "c"];
  for (const counterId of ["first", ...ids]) await increment(local, { counterId });
  const release = await holdLocks(t, place, insertSecond);
  const startedAtMs = performance.now();
  // In one turn, so that they go together.
  const [stuck, ...others] = await Promise.all(
    ids.map((counterId) =>
      increment(local, { counterId }).then(
        (value) => ({ value, ms: performance.now() - startedAtMs }),
        (error: unknown) => ({
          code: errorDetail(error)?.code,
          outcome: errorDetail(error)?.metadata["outcome"],
        }),
      ),
    ),
  );
  t.match(stuck, { code: "SAMSPEL_DATABASE_UNREACHABLE", outcome: "not written" });
  for (const other of others) {
    t.match(other, { value: 2n });
    t.ok("ms" in other && other.ms < boundMs, "in bounded time");
  }
  await release();
  t.equal(await increment(local, { counterId: "stuck" }), 2n, "it goes on");
});

t.test("a network that swallows all is given up; other instances go on; afterwards all go on", async (t) => {
  const place = { url: (await startOwnPostgres(t)).url, schema: "counter" };
  const proxy = await startTcpProxy(t, place.url);
  const options = { schema: place.schema, instances: 1, env: withoutLimit };
  const [behind] = await startCounterService(t, { ...options, databaseUrl: proxy.url });
  const [beside] = await startCounterService(t, { ...options, databaseUrl: place.url });
  const urls = [behind?.url ?? "", beside?.url ?? ""];
  const storm = startStorm(t, { urls, counters: ["a", "b", "c"], deadlineMs: 60_000 });
  await until("the storm rages", () => acknowledged(storm.ledger) >= 100, 60_000);
  const client = clientOf(urls[0] ?? "");
  await client.getCounter({ counterId: "known" });
  proxy.freeze();
  const failures = await Promise.all(
    // Not of the storm, whose commands wait for each other.
    ["known", "new"].map((counterId) => failureOf(client.getCounter({ counterId }, { timeoutMs: 60_000 }))),
  );
  for (const { code, ms } of failures) {
    t.equal(code, "SAMSPEL_DATABASE_UNREACHABLE");
    t.ok(ms < boundMs, `failed after ${Math.round(ms)} ms`);
  }
  const before = acknowledged(storm.ledger);
  await clientOf(urls[1] ?? "").increment({ counterId: "beside", amount: 10n ** 12n });
  await proxy.cut();
  await proxy.restore();
  await until("the storm rages again", () => acknowledged(storm.ledger) >= before + 100, 60_000);
  const ledger = await storm.stop();
  t.ok(ledger.slowestMs < boundMs + 14_000, `the slowest call took ${Math.round(ledger.slowestMs)} ms`);
  const beyond = { counterId: "beside", amount: 10n ** 12n, commandId: undefined, sentAtMs: 0 };
  const known = { ...beyond, outcome: { type: "acknowledged", value: 10n ** 12n, atMs: Infinity } } as const;
  await settle(t, { place, urls, ledger: { ...ledger, increments: [...ledger.increments, known] } });
});

t.test("a stop ends though the journal is locked, and though the network swallows all", async (t) => {
  for (const how of ["locked", "frozen"] as const) {
    const place = { url: (await startOwnPostgres(t)).url, schema: "counter" };
    const proxy = await startTcpProxy(t, place.url);
    const [instance] = await startCounterService(t, {
      databaseUrl: proxy.url,
      schema: place.schema,
      instances: 1,
    });
    if (instance === undefined) throw new Error("No instance");
    const client = clientOf(instance.url);
    await client.increment({ counterId: "a", amount: 1n });
    const locks =
      how === "locked"
        ? await holdLocks(t, place, (sql) => sql.unsafe("lock table event in access exclusive mode"))
        : undefined;
    const sql = postgres(place.url, { max: 1, onnotice: () => {} });
    t.teardown(() => sql.end());
    const waitsForLock = async (): Promise<boolean> =>
      (await sql`select from pg_stat_activity where wait_event_type = 'Lock'`).length > 0;
    if (how === "frozen") proxy.freeze();
    const before = proxy.swallowed();
    const call = failureOf(client.increment({ counterId: "a", amount: 1n }, { timeoutMs: 60_000 }));
    await until("the append hangs", () => (how === "locked" ? waitsForLock() : proxy.swallowed() > before));
    const startedAtMs = performance.now();
    t.equal(await instance.stop(), "exited with 0", how);
    t.comment(`${how}: stopped after ${Math.round(performance.now() - startedAtMs)} ms`);
    t.match(await call, { code: /SAMSPEL_(DRAINING|DATABASE_UNREACHABLE)|unavailable|aborted/ });
    await locks?.();
    await proxy.cut();
  }
});
