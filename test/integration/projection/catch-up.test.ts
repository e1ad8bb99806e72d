// Reading one's own writes: a query waits until a projection has passed what its caller did before (W1, W2).
import t, { type Test } from "tap";
import { afterPosition, errorDetail, project, readPosition, serve } from "@samspel/runtime";
import { startTestService } from "@samspel/runtime/testing";
import {
  createCatchUp,
  pauseProjection,
  resumeProjection,
  setUpProjection,
} from "../../../ts-runtime/src/projection/index.ts";
import { openDatabase, type Database } from "../../../ts-runtime/src/postgres/index.ts";
import { CounterService } from "../../gen/samspel/test/v1/counter_pb.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { appendEvents, countUp, incremented } from "../../support/counter-events.ts";
import { defineCounter } from "../../support/counter.ts";
import { databaseUrl } from "../../support/environment.ts";
import { openJournal, type Process } from "../../support/journal.ts";
import { add, run, setup, sumOf } from "../../support/projection.ts";
import { silentLogger as logger } from "../../support/silent-logger.ts";
import { until } from "../../support/until.ts";

const counter = defineCounter();
const counted = project("totals", counter, { setup, events: { incremented: add } });

/** Echo as a query: the value of the counter that the text names. */
const queries = serve(EchoService, ({ sql, caughtUp }) => ({
  async echo({ text }, context) {
    await caughtUp(counted, { after: context, timeoutMs: 3_000 });
    const [row] = await sql<{ value: bigint }[]>`select value from total where id = ${text}`;
    return { text: String(row?.value ?? 0n) };
  },
  echoOnce: ({ text }) => ({ text }),
  echoMany: async function* ({ text }) {
    yield { text };
  },
  echoJoined: async () => ({}),
  echoEach: async function* () {
    yield { text: "" };
  },
}));

t.test("a query sees what its caller has done before, through a token of the reply", async (t) => {
  const service = await startTestService({
    entities: [counter],
    projections: [counted],
    services: [queries],
  });
  t.teardown(() => service.close());
  const counters = service.client(CounterService);
  const query = service.client(EchoService);
  for (let value = 1n; value <= 50n; value++) {
    const counterId = `räksmörgås, ${value % 3n}`;
    let position: string | undefined;
    await counters.increment(
      { counterId, amount: 1n },
      { onHeader: (headers) => (position = readPosition(headers)) },
    );
    const { text } = await query.echo({ text: counterId }, afterPosition(position));
    t.equal(text, String((value + 2n) / 3n));
  }
  let untouched: string | undefined;
  await counters.getCounter(
    { counterId: "new" },
    { onHeader: (headers) => (untouched = readPosition(headers)) },
  );
  t.match(untouched, /^counter\/0\//);
  t.equal((await query.echo({ text: "new" }, afterPosition(untouched))).text, "0", "nothing to wait for");

  await pauseProjection({ home: await homeOf(t, service.schema), projection: "totals" });
  let late: string | undefined;
  await counters.increment(
    { counterId: "x", amount: 1n },
    { onHeader: (headers) => (late = readPosition(headers)) },
  );
  t.equal((await query.echo({ text: "x" })).text, "0", "who does not ask does not wait");
  const failure = await query.echo({ text: "x" }, afterPosition(late)).catch((error: unknown) => error);
  t.match(errorDetail(failure), { code: "SAMSPEL_PROJECTION_BEHIND" });
  t.match(failure, { message: /has not passed counter "x", revision 1 within 3000 ms: it is paused/ });
  const invalid = await query.echo({ text: "x" }, afterPosition("nonsense")).catch((error: unknown) => error);
  t.match(errorDetail(invalid), { code: "SAMSPEL_INVALID_REQUEST" });
  const unknown = await query
    .echo({ text: "x" }, afterPosition("counter/7/x"))
    .catch((error: unknown) => error);
  t.match(unknown, { message: /no such event/ });
});

const homeOf = async (t: Test, schema: string): Promise<Database> => {
  const database = await openDatabase({ url: databaseUrl(), schema, maxConnections: 2, logger });
  t.teardown(() => database.close());
  return database;
};

const catchUpOf = ({ database }: Process) => createCatchUp(database, () => database);

t.test("caughtUp() alone waits for all that is committed, and not for what comes later", async (t) => {
  const on = await openJournal(t);
  const { caughtUp } = catchUpOf(on);
  await setUpProjection({ projection: counted, home: on.database, journal: on.journal });
  await caughtUp(counted); // an empty journal
  run(t, await on.open(), counted, { pageSize: 5 });
  const ids = Array.from({ length: 20 }, (_, index) => `counter-${index}`);
  for (let times = 1; times <= 10; times++) {
    const before = await sumOf(on.database);
    for (const id of ids) await appendEvents(on.journal, id, BigInt(times - 1), [incremented(1n)]);
    await caughtUp(counted, { timeoutMs: 20_000 });
    t.ok((await sumOf(on.database)) === before + 20n, `all of round ${times}`);
  }
});

t.test("caughtUp() waits out what a running transaction holds back, and gives up in time", async (t) => {
  const on = await openJournal(t);
  const { caughtUp } = catchUpOf(on);
  await setUpProjection({ projection: counted, home: on.database, journal: on.journal });
  run(t, on, counted);
  const release = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const other = await on.open();
  const holding = other.database.sql.begin(async (sql) => {
    await sql`select pg_current_xact_id()`;
    begun.resolve();
    await release.promise;
  });
  await begun.promise;
  await countUp(on.journal, ["a"], 1);
  await t.rejects(caughtUp(counted, { timeoutMs: 100 }), {
    code: "SAMSPEL_PROJECTION_BEHIND",
    message: /has not passed all that was committed within 100 ms: it is behind/,
    retryable: true,
  });
  const stop = new AbortController();
  const left = caughtUp(counted, { timeoutMs: 30_000, signal: stop.signal });
  stop.abort(new Error("the caller has gone"));
  await t.rejects(left, /the caller has gone/);
  const waiting = Promise.all(Array.from({ length: 50 }, () => caughtUp(counted, { timeoutMs: 30_000 })));
  release.resolve();
  await holding;
  await waiting;
  t.equal(await sumOf(on.database), 1n);
});

t.test(
  "caughtUp() does not wait for entities that the projection does not read, nor for idle ranges",
  async (t) => {
    const on = await openJournal(t);
    const { caughtUp } = catchUpOf(on);
    await setUpProjection({ projection: counted, home: on.database, journal: on.journal });
    run(t, on, counted);
    await countUp(on.journal, ["a"], 1);
    await until("it runs", async () => (await sumOf(on.database)) === 1n);
    await pauseProjection({ home: on.database, projection: "totals" });
    await on.journal.append({
      entityType: "other",
      entityId: "o",
      expectedRevision: 0n,
      events: [{ payload: Buffer.from("x") }],
    });
    await caughtUp(counted, { timeoutMs: 5_000 });
    await caughtUp(counted, { after: "other/1/o", timeoutMs: 5_000 });
    await caughtUp(counted, { after: ["counter/1/a", "counter/0/none"], timeoutMs: 5_000 });
    await resumeProjection({ home: on.database, projection: "totals" });
  },
);
