// What a firing leads to: once in effect, whatever handlers, instances and Postgres do.
import { fork } from "node:child_process";
import { once } from "node:events";
import { Code } from "@connectrpc/connect";
import t from "tap";
import { reject, SamspelError } from "../../../ts-runtime/src/errors/index.ts";
import { cutConnections } from "../../support/journal.ts";
import { testSchema } from "../../support/isolation.ts";
import { recordingLogger } from "../../support/recording-logger.ts";
import { startReminders, type Reminders } from "../../support/reminder.ts";
import { until } from "../../support/until.ts";

const waitMs = 120_000;
const quick = { backoff: { initialMs: 5, maxMs: 20 }, pollMs: 20 };

async function allDone(reminders: Reminders): Promise<void> {
  await until("no timer is left", async () => (await reminders.timers()).length === 0, waitMs);
}

t.test("a rejection ends the timer, with a warning", async (t) => {
  const { logger, lines } = recordingLogger();
  const reminders = await startReminders(t, testSchema(t), {
    logger,
    onRing() {
      throw reject(Code.FailedPrecondition, "too late");
    },
  });
  await reminders.plan("a", "x", { afterMs: 0 });
  await allDone(reminders);
  await until("it is told", () => lines.some(({ level }) => level === "warn"), waitMs);
  t.match(
    lines.filter(({ level }) => level !== "debug" && level !== "info"),
    [
      {
        level: "warn",
        message: "timer ended: its command was rejected",
        err: { code: "SAMSPEL_REJECTED", message: "too late" },
        entityType: "reminder",
        entityId: "a",
        timer: "x",
      },
    ],
  );
  t.same(await reminders.notes("a"), []);
});

t.test("a failure is tried again, and what is no fault of the timer is not counted", async (t) => {
  let runs = 0;
  const reminders = await startReminders(t, testSchema(t), {
    ...quick,
    maxAttempts: 3,
    onRing() {
      runs++;
      if (runs <= 2) throw new Error("boom");
      if (runs <= 6) throw new SamspelError("SAMSPEL_OVERLOADED", "later");
    },
  });
  await reminders.plan("a", "x", { afterMs: 0, note: "n" });
  await allDone(reminders);
  t.equal(runs, 7);
  t.same(await reminders.notes("a"), ["x:n"]);
});

t.test("a rejection that is retryable is tried again", async (t) => {
  let runs = 0;
  const reminders = await startReminders(t, testSchema(t), {
    ...quick,
    onRing() {
      if (++runs < 3) throw reject(Code.Unavailable, "not yet", { retryable: true });
    },
  });
  await reminders.plan("a", "x", { afterMs: 0, note: "n" });
  await allDone(reminders);
  t.same(await reminders.notes("a"), ["x:n"]);
});

t.test("a timer that fails too often is parked with its error, and SQL fires it again", async (t) => {
  const { logger, lines } = recordingLogger();
  let broken = true;
  let runs = 0;
  const reminders = await startReminders(t, testSchema(t), {
    ...quick,
    logger,
    maxAttempts: 3,
    onRing() {
      runs++;
      if (broken) throw new Error("boom \0");
    },
  });
  await reminders.plan("a", "x", { afterMs: 0, note: "n" });
  await until("it is parked", async () => (await reminders.timers())[0]?.parked === true, waitMs);
  t.match(await reminders.timers(), [{ attempts: 3, error: /^Error: boom \\0\n/, parked: true }]);
  t.match(
    lines.filter(({ level }) => level === "error"),
    [{ message: "timer parked: it fires no more", entityId: "a", timer: "x", attempt: 3 }],
  );
  await reminders.plan("b", "x", { afterMs: 50 });
  await until("another one has failed", () => runs > 3, waitMs);
  t.equal((await reminders.timers())[0]?.attempts, 3, "it did not fire meanwhile");

  broken = false;
  await reminders.database.sql`
    update timer set parked_at = null, attempts = 0, next_at = clock_timestamp()
    where entity_type = 'reminder' and entity_id = 'a' and name = 'x'`;
  await until("it has rung", async () => (await reminders.notes("a")).length === 1, waitMs);
});

t.test("a timer that kills its process each time, or that nobody knows, is parked as well", async (t) => {
  const schema = testSchema(t);
  const planner = await startReminders(t, schema, { fires: false });
  await planner.plan("killer", "x", { afterMs: 0 });
  await planner.plan("unknown", "x", { afterMs: 0 });
  await planner.plan("garbled", "x", { afterMs: 0 });
  await planner.database.sql`update timer set attempts = 3 where entity_id = 'killer'`;
  await planner.database.sql`update timer set command = 'Nope' where entity_id = 'unknown'`;
  await planner.database.sql`update timer set request = '\\xff' where entity_id = 'garbled'`;
  let runs = 0;
  await startReminders(t, schema, { ...quick, maxAttempts: 3, onRing: () => void runs++ });
  await until("all are parked", async () => (await planner.timers()).every(({ parked }) => parked), waitMs);
  t.match(await planner.timers(), [
    { entity_id: "garbled", attempts: 3 },
    { entity_id: "killer", attempts: 4, error: /claimed 3 times by instances that did not come back/ },
    { entity_id: "unknown", attempts: 3, error: /Entity reminder has no command Nope/ },
  ]);
  t.equal(runs, 0);
});

for (const silent of [false, true]) {
  for (const how of ["cancelled", "replaced"]) {
    t.test(
      `a timer that is ${how} while it fires takes no effect (${silent ? "without" : "with"} an event)`,
      async (t) => {
        const schema = testSchema(t);
        const other = await startReminders(t, schema, { fires: false });
        let changed = false;
        const firing = await startReminders(t, schema, {
          async onRing({ note }) {
            if (note !== "old" || changed) return;
            changed = true;
            if (how === "cancelled") await other.drop("a", "x", { silent });
            else await other.plan("a", "x", { afterMs: 0, note: "new", silent });
          },
        });
        await firing.plan("a", "x", { afterMs: 0, note: "old" });
        await allDone(firing);
        t.ok(changed);
        await firing.plan("a", "last", { afterMs: 0, note: "n" });
        await allDone(firing);
        t.same(await firing.notes("a"), how === "cancelled" ? ["last:n"] : ["x:new", "last:n"]);
      },
    );
  }
}

t.test("several instances share what is due, and each timer takes effect once", async (t) => {
  const schema = testSchema(t);
  const rung = [0, 0, 0];
  const instances = await Promise.all(
    rung.map((_, instance) =>
      startReminders(t, schema, {
        maxFiring: 32,
        onRing: () => void (rung[instance] = (rung[instance] ?? 0) + 1),
      }),
    ),
  );
  const [first] = instances;
  const ids = Array.from({ length: 300 }, (_, index) => `r${index}`);
  await Promise.all(
    ids.map(async (id, index) => instances[index % 3]?.plan(id, "x", { afterMs: 200, note: id })),
  );
  if (first === undefined) throw new Error("no instance");
  await allDone(first);
  for (const id of ids) t.same(await first.notes(id), [`x:${id}`]);
  t.ok(
    rung.every((count) => count > 0),
    `all took part: ${rung.join(", ")}`,
  );
});

t.test("10,000 timers that are due at once all take effect, once", async (t) => {
  const schema = testSchema(t);
  const instances = await Promise.all([
    startReminders(t, schema, { fires: false }),
    startReminders(t, schema),
    startReminders(t, schema),
  ]);
  const [planner] = instances;
  const { journal, database } = planner;
  await Promise.all(
    Array.from({ length: 200 }, (_, entity) =>
      journal.append({
        entityType: "reminder",
        entityId: `r${entity}`,
        expectedRevision: 0n,
        events: [],
        timers: Array.from({ length: 50 }, (_, timer) => ({
          type: "schedule",
          name: `t${timer}`,
          due: { afterMs: 0 },
          command: "Ring",
          request: new Uint8Array(),
        })),
      }),
    ),
  );
  await until("no timer is left", async () => (await planner.timers()).length === 0, waitMs);
  const [counts] = await database.sql<{ events: number; entities: number; commands: number }[]>`
    select count(*)::int as events, count(distinct entity_id)::int as entities,
      (select count(distinct command_id)::int from command where command_id like 'timer:%') as commands
    from event`;
  t.same(counts, { events: 10_000, entities: 200, commands: 10_000 });
  const notes = await planner.notes("r7");
  t.equal(new Set(notes).size, 50);
});

t.test("timers fire once each while backends are killed", async (t) => {
  const schema = testSchema(t);
  const reminders = await startReminders(t, schema, { ...quick, claimMs: 1_000 });
  const ids = Array.from({ length: 200 }, (_, index) => `r${index}`);
  await Promise.all(ids.map((id) => reminders.plan(id, "x", { afterMs: 100, note: id })));
  let cuts = 0;
  while (cuts < 15) cuts += await cutConnections(schema);
  await until(
    "no timer is left",
    () =>
      reminders.timers().then(
        (rows) => rows.length === 0,
        () => false,
      ),
    waitMs,
  );
  for (const id of ids) t.same(await reminders.notes(id), [`x:${id}`]);
});

for (const moment of ["before", "after"]) {
  t.test(
    `an instance that is killed right ${moment} the commit neither loses nor doubles the timer`,
    async (t) => {
      const schema = testSchema(t);
      const planner = await startReminders(t, schema, { fires: false });
      await planner.plan("a", "x", { afterMs: 0, note: "n" });
      const child = fork(new URL("reminder-process.ts", import.meta.url), [schema, moment], {
        execArgv: ["--conditions=samspel-source"],
      });
      t.teardown(() => child.kill("SIGKILL"));
      const [, signal] = (await once(child, "exit", { signal: AbortSignal.timeout(waitMs) })) as [
        unknown,
        string,
      ];
      t.equal(signal, "SIGKILL");
      t.equal((await planner.timers()).length, moment === "before" ? 1 : 0);
      const other = await startReminders(t, schema);
      await allDone(other);
      await other.plan("a", "last", { afterMs: 0, note: "n" });
      await allDone(other);
      t.same(await other.notes("a"), ["x:n", "last:n"]);
    },
  );
}

t.test("a stop lets what fires finish, and fires nothing more (A2)", async (t) => {
  const gate = Promise.withResolvers<void>();
  let runs = 0;
  const reminders = await startReminders(t, testSchema(t), {
    async onRing() {
      runs++;
      await gate.promise;
    },
  });
  await reminders.plan("a", "x", { afterMs: 0, note: "n" });
  await until("it fires", () => runs === 1, waitMs);
  let stopped = false;
  const stopping = reminders.stop().then(() => (stopped = true));
  await reminders.plan("b", "x", { afterMs: 0 });
  t.equal(stopped, false);
  gate.resolve();
  await stopping;
  t.same(await reminders.notes("a"), ["x:n"]);
  t.match(await reminders.timers(), [{ entity_id: "b", attempts: 0 }]);
});

t.test("a firing that outlives the grace is given back at once, uncounted (A2)", async (t) => {
  const schema = testSchema(t);
  let runs = 0;
  const stopping = await startReminders(t, schema, {
    graceMs: 50,
    onRing: () => {
      runs++;
      return new Promise(() => {});
    },
  });
  await stopping.plan("a", "x", { afterMs: 0, note: "n" });
  await until("it fires", () => runs === 1, waitMs);
  await stopping.stop();
  const [row] = await stopping.database.sql<{ attempts: number; due: boolean }[]>`
    select attempts, next_at <= clock_timestamp() as due from timer`;
  t.same(row, { attempts: 0, due: true });
  const other = await startReminders(t, schema);
  await allDone(other);
  t.same(await other.notes("a"), ["x:n"]);
});

t.test("a handler that hangs is cut at the deadline, and its timer fires again", async (t) => {
  let runs = 0;
  const reminders = await startReminders(t, testSchema(t), {
    ...quick,
    deadlineMs: 50,
    onRing: () => (++runs === 1 ? new Promise(() => {}) : undefined),
  });
  await reminders.plan("a", "x", { afterMs: 0, note: "n" });
  await allDone(reminders);
  t.same(await reminders.notes("a"), ["x:n"]);
});

t.test("a clock of the process that jumps moves no timer", async (t) => {
  const { now } = Date;
  t.teardown(() => (Date.now = now));
  const reminders = await startReminders(t, testSchema(t));
  for (const jumpMs of [-86_400_000, 86_400_000]) {
    Date.now = () => now() + jumpMs;
    await reminders.plan("a", "later", { afterMs: 3_600_000 });
    await reminders.plan("a", "soon", { afterMs: 50, note: "n" });
    await until("only the sooner one has rung", async () => (await reminders.timers()).length === 1, waitMs);
  }
  t.same(await reminders.notes("a"), ["soon:n", "soon:n"]);
});
