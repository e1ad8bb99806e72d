// Events that a projection cannot apply: parked, tried again, dropped, waited for, or skipped (T4).
import t from "tap";
import {
  dropParked,
  listParked as list,
  project,
  retryParked,
  type Projection,
} from "../../../ts-runtime/src/projection/index.ts";
import { appendEvents, countUp, incremented } from "../../support/counter-events.ts";
import { defineCounter } from "../../support/counter.ts";
import { openJournal, type Process } from "../../support/journal.ts";
import { add, run, setup, sumOf, totals } from "../../support/projection.ts";
import { until } from "../../support/until.ts";

const counter = defineCounter();
const retry = { maxAttempts: 2, initialMs: 5, maxMs: 10 };

/** Refuses 13 as long as it is broken. */
function breakable(options: { readonly onFailure?: Projection["onFailure"] } = {}): {
  readonly projection: Projection;
  mend(this: void): void;
} {
  let isBroken = true;
  const projection = project("totals", counter, {
    setup,
    retry,
    ...options,
    events: {
      async incremented(event, context) {
        await add(event, context);
        if (isBroken && event.amount === 13n) throw new RangeError("thirteen is too much");
      },
    },
  });
  return { projection, mend: () => void (isBroken = false) };
}

const ref = ({ database }: Process): { home: Process["database"]; projection: string } => ({
  home: database,
  projection: "totals",
});
/** None before the projection was set up. */
const listParked = (options: Parameters<typeof list>[0]): ReturnType<typeof list> =>
  list(options).catch(() => []);
const key = (entityId: string, revision: bigint) => ({ entityType: "counter", entityId, revision });

t.test("retryParked() applies each event once, whoever asks how often, on whatever instance", async (t) => {
  const on = await openJournal(t);
  const other = await on.open();
  const { projection, mend } = breakable();
  const ids = Array.from({ length: 12 }, (_, index) => `counter-${index}`);
  for (const id of ids) await appendEvents(on.journal, id, 0n, [incremented(13n), incremented(1n)]);
  run(t, on, projection);
  run(t, other, projection);
  await until("all others are applied", async () => (await sumOf(on.database)) === 12n, 20_000);
  await until("twelve are parked", async () => (await listParked(ref(on))).length === 12);
  t.equal(await retryParked({ ...ref(on), event: key("counter-3", 1n) }), 1);
  await until("it has failed again", async () => {
    const parked = (await listParked(ref(on))).find(({ entityId }) => entityId === "counter-3");
    return parked?.attempts === 3 && !parked.retryAsked;
  });
  const failed = (await listParked(ref(on))).find(({ entityId }) => entityId === "counter-3");
  t.match(failed, {
    revision: 1n,
    state: "parked",
    error: /thirteen/,
    history: [{ attempts: 2, error: /thirteen/ }],
  });
  t.equal(failed?.history.length, 1);
  mend();
  for (let times = 0; times < 5; times++) {
    await Promise.all([retryParked(ref(on)), retryParked(ref(other))]);
  }
  await until("all are applied", async () => (await listParked(ref(on))).length === 0, 20_000);
  t.same(
    await totals(on.database),
    ids.toSorted().map((id) => ({ id, value: 14n, revisions: "2,1" })),
  );
});

t.test("dropParked() drops one, or all", async (t) => {
  const on = await openJournal(t);
  const { projection } = breakable();
  for (const id of ["a", "b", "c"]) await appendEvents(on.journal, id, 0n, [incremented(13n)]);
  run(t, on, projection);
  await until("three are parked", async () => (await listParked(ref(on))).length === 3);
  t.equal(await dropParked({ ...ref(on), event: key("b", 1n) }), 1);
  t.same(
    (await listParked(ref(on))).map(({ entityId }) => entityId),
    ["a", "c"],
  );
  t.same(
    (await listParked({ ...ref(on), after: key("a", 1n), limit: 1 })).map(({ entityId }) => entityId),
    ["c"],
  );
  t.equal(await dropParked(ref(on)), 2);
  t.same(await listParked(ref(on)), []);
  t.equal(await retryParked(ref(on)), 0);
});

t.test("an event that blocks is tried until it succeeds, and the order holds", async (t) => {
  const on = await openJournal(t);
  const { projection, mend } = breakable({ onFailure: "block" });
  run(t, on, projection);
  await appendEvents(on.journal, "a", 0n, [incremented(1n), incremented(13n), incremented(2n)]);
  await until("it is told", async () => (await listParked(ref(on)))[0]?.state === "blocked");
  t.same(await totals(on.database), [{ id: "a", value: 1n, revisions: "1" }]);
  mend();
  await until("all are applied", async () => (await sumOf(on.database)) === 16n);
  t.same(await totals(on.database), [{ id: "a", value: 16n, revisions: "1,2,3" }]);
  t.same(await listParked(ref(on)), []);
});

t.test("a projection goes on without the blocking event that is dropped", async (t) => {
  const on = await openJournal(t);
  const { projection } = breakable({ onFailure: "block" });
  run(t, on, projection);
  await appendEvents(on.journal, "a", 0n, [incremented(1n), incremented(13n), incremented(2n)]);
  await until("it is told", async () => (await listParked(ref(on)))[0]?.state === "blocked");
  await dropParked(ref(on));
  await until("it goes on", async () => (await sumOf(on.database)) === 3n);
  t.same(await totals(on.database), [{ id: "a", value: 3n, revisions: "1,3" }]);
});

t.test("an event that is to be skipped leaves nothing", async (t) => {
  const on = await openJournal(t);
  const { projection } = breakable({ onFailure: "skip" });
  run(t, on, projection);
  await appendEvents(on.journal, "a", 0n, [incremented(1n), incremented(13n), incremented(2n)]);
  await until("it goes on", async () => (await sumOf(on.database)) === 3n);
  t.same(await listParked(ref(on)), []);
});

t.test(
  "one poison event of a full page is found by halves, not by a transaction for each event",
  async (t) => {
    const on = await openJournal(t);
    let pages = 0;
    const projection = project("totals", counter, {
      setup,
      retry,
      async batch(events, context) {
        pages += 1;
        for (const { case: kind, value, ...origin } of events) {
          if (kind !== "incremented") continue;
          await add(value, { ...origin, sql: context.sql });
          if (value.amount === 13n) throw new RangeError("thirteen");
        }
      },
    });
    await countUp(
      on.journal,
      Array.from({ length: 20 }, (_, index) => `counter-${index}`),
      10,
    );
    await appendEvents(on.journal, "bad", 0n, [incremented(13n)]);
    await countUp(
      on.journal,
      Array.from({ length: 20 }, (_, index) => `later-${index}`),
      10,
    );
    run(t, on, projection);
    await until("all others are applied", async () => (await sumOf(on.database)) === 400n, 20_000);
    t.same(
      (await listParked(ref(on))).map(({ entityId }) => entityId),
      ["bad"],
    );
    t.ok(pages < 40, `${pages} transactions`);
  },
);
