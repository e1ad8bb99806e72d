// Timers in the append's transaction (J2), and what two processes do to each other there.
import { randomUUID } from "node:crypto";
import * as fc from "fast-check";
import t from "tap";
import { runAppends } from "../../../ts-runtime/src/journal/append-statement.ts";
import type { Append, TimerChange } from "../../../ts-runtime/src/journal/index.ts";
import type { Sql } from "../../../ts-runtime/src/postgres/index.ts";
import { appendOf, cutConnections, openJournal, openProcess } from "../../support/journal.ts";
import { recordingLogger } from "../../support/recording-logger.ts";
import { until } from "../../support/until.ts";

const waitMs = 60_000;
const inAnHour = { afterMs: 3_600_000 };
const request = Buffer.from("request");
const schedule = (name: string, rest: Partial<TimerChange> = {}): TimerChange => ({
  type: "schedule",
  name,
  due: inAnHour,
  command: "Ring",
  request,
  ...rest,
});
const cancel = (name: string): TimerChange => ({ type: "cancel", name });
const silent = (entityId: string, expectedRevision: bigint, rest: Partial<Append> = {}): Append =>
  appendOf(entityId, expectedRevision, { events: [], ...rest });

async function timersOf(sql: Sql, entityId: string): Promise<readonly { name: string; id: string }[]> {
  return sql<{ name: string; id: string }[]>`
    select name, id from timer where entity_id = ${entityId} order by name collate "C"`;
}

async function names(sql: Sql, entityId: string): Promise<readonly string[]> {
  return (await timersOf(sql, entityId)).map(({ name }) => name);
}

t.test("append() writes timers with its events, and none where it does not stand", async (t) => {
  const { journal, database } = await openJournal(t);
  const odd = 'odd "\\{},name';
  const at = new Date("2099-12-31T23:59:59.123Z");
  const results = await Promise.all([
    journal.append(appendOf("a", 0n, { timers: [schedule(odd), schedule("at", { due: { at } })] })),
    journal.append(appendOf("b", 7n, { timers: [schedule("conflict")] })),
    journal.append(silent("c", 0n, { timers: [schedule("x"), schedule("y")] })),
    journal.append(appendOf("d", 0n)),
  ]);
  t.same(
    results.map(({ type }) => type),
    ["appended", "conflict", "appended", "appended"],
  );
  const rows = await database.sql<{ entity_id: string; name: string; in_ms: number; due_at: Date }[]>`
    select *, (extract(epoch from due_at - clock_timestamp()) * 1000)::float8 as in_ms
    from timer order by entity_id, name`;
  t.match(rows, [
    { entity_id: "a", name: "at", due_at: at, request, command: "Ring", attempts: 0, parked_at: null },
    { entity_id: "a", name: odd },
    { entity_id: "c", name: "x" },
    { entity_id: "c", name: "y" },
  ]);
  const [, later] = rows;
  t.ok(later !== undefined && later.in_ms > 3_500_000 && later.in_ms <= 3_600_000, "by the database's clock");
  t.match(await journal.append(appendOf("a", 1n, { timers: [cancel(odd), cancel("not there")] })), {
    type: "appended",
  });
  t.same(await names(database.sql, "a"), ["at"]);
});

t.test("append() gives a timer that is scheduled again another id, and all of a new one", async (t) => {
  const { journal, database } = await openJournal(t);
  await journal.append(appendOf("a", 0n, { timers: [schedule("x")] }));
  const [first] = await timersOf(database.sql, "a");
  await database.sql`update timer set attempts = 20, error = 'boom', parked_at = now()`;
  const replaced = schedule("x", { command: "Other", due: { afterMs: 0 } });
  await journal.append(appendOf("a", 1n, { timers: [replaced] }));
  const [second] = await database.sql`select * from timer`;
  t.not(second?.["id"], first?.id);
  t.match(second, { command: "Other", attempts: 0, error: null, parked_at: null });
  t.same(second?.["next_at"], second?.["due_at"]);
});

t.test(
  "append() keeps metadata beside a timer, until it is replaced, by code without it as well",
  async (t) => {
    const { journal, database } = await openJournal(t);
    const metadata = { traceparent: 'x "\\{},' };
    const kept = async (): Promise<unknown> =>
      (await database.sql<{ metadata: unknown }[]>`select metadata from timer order by name`).map(
        (row) => row.metadata,
      );
    await journal.append(appendOf("a", 0n, { timers: [schedule("x", { metadata }), schedule("y")] }));
    t.same(await kept(), [metadata, null]);
    await journal.append(appendOf("a", 1n, { timers: [schedule("x"), schedule("y", { metadata })] }));
    t.same(await kept(), [null, metadata]);
    // As step 5 has it, which instances from before step 13 call.
    await database.sql`
    select change_timers(
      array[1], array['counter'], array['a'], array[2::bigint], array[0::smallint], array[1], array[null::text],
      array[null::uuid], array[1], array['y'], array['Ring'], array[3600000::float8], array[null::float8],
      array['request'::bytea]
    )`;
    t.same(await kept(), [null, null]);
  },
);

t.test("an append that a timer fires stands only while that timer does, and ends it", async (t) => {
  const { journal, database } = await openJournal(t);
  const stand = async (entityId: string): Promise<string> => {
    await journal.append(appendOf(entityId, 0n, { timers: [schedule("x")] }));
    return (await timersOf(database.sql, entityId))[0]?.id ?? "";
  };
  const fires = { name: "x", id: await stand("a") };
  t.match(await journal.append(appendOf("a", 0n, { fires })), { type: "conflict" });
  t.same(await names(database.sql, "a"), ["x"], "a conflict ends no timer");
  t.match(await journal.append(appendOf("a", 1n, { fires, timers: [schedule("next")] })), {
    type: "appended",
  });
  t.same(await names(database.sql, "a"), ["next"]);
  t.same(await journal.append(appendOf("a", 2n, { fires })), { type: "gone" });
  t.equal(await journal.confirm("counter", "a"), 2n);

  const again = { name: "x", id: await stand("b") };
  t.match(await journal.append(appendOf("b", 1n, { fires: again, timers: [schedule("x")] })), {
    type: "appended",
  });
  t.same(await names(database.sql, "b"), ["x"], "a timer may schedule itself again");
  t.same(await journal.append(silent("b", 2n, { fires: again })), { type: "gone" });

  const quiet = { name: "x", id: await stand("c") };
  t.match(await journal.append(silent("c", 1n, { fires: quiet })), { type: "appended" });
  t.same(await names(database.sql, "c"), []);
});

t.test("an append that is sent again finds itself, and schedules and fires nothing twice (S1)", async (t) => {
  const { database } = await openJournal(t);
  const send = async (append: Append & { readonly appendId: string }): Promise<unknown> =>
    (await runAppends(database.sql, [append]))[0];
  const mine = { ...appendOf("a", 0n, { timers: [schedule("x")] }), appendId: randomUUID() };
  t.match(await send(mine), { type: "appended" });
  const [{ id } = { id: "" }] = await timersOf(database.sql, "a");
  t.match(await send(mine), { type: "appended" });
  t.same(await timersOf(database.sql, "a"), [{ name: "x", id }], "it is the same timer still");

  const command = { id: `timer:${id}`, reply: Buffer.from("rung") };
  for (const events of [[{ payload: Buffer.from("rang") }], []]) {
    const [{ id } = { id: "" }] = await timersOf(database.sql, "a");
    const firing = {
      ...silent("a", 1n, { events, command: { ...command, id: `timer:${id}` }, fires: { name: "x", id } }),
      appendId: randomUUID(),
    };
    t.match(await send(firing), { type: "appended" });
    t.match(await send(firing), { type: events.length > 0 ? "appended" : "duplicate" }, "not gone");
    t.same(await names(database.sql, "a"), []);
    await database.sql`delete from event where revision > 1`;
    await send({ ...silent("a", 1n, { timers: [schedule("x")] }), appendId: randomUUID() });
  }
});

t.test("appends of timers alone are written once while backends are killed under load (S1)", async (t) => {
  const { journal, database, schema } = await openJournal(t);
  // What is rolled back leaves no trace here.
  await database.sql`create table written (name text)`;
  await database.sql`create function note() returns trigger language plpgsql as
    $$ begin insert into written values (new.entity_id || new.name); return new; end $$`;
  await database.sql`create trigger note after insert or update on timer for each row execute function note()`;
  const done = new AbortController();
  let cuts = 0;
  const cutting = (async () => {
    while (!done.signal.aborted && cuts < 20) cuts += await cutConnections(schema);
  })();
  const expected: string[] = [];
  const results = await Promise.all(
    Array.from({ length: 20 }, async (_, entity) => {
      const types = new Set<string>();
      for (let count = 0; count < 25; count++) {
        expected.push(`e${entity}t${count}`);
        const { type } = await journal.append(silent(`e${entity}`, 0n, { timers: [schedule(`t${count}`)] }));
        types.add(type);
      }
      return [...types];
    }),
  );
  done.abort();
  await cutting;
  t.ok(cuts > 5, `${cuts} connections were cut`);
  t.same(new Set(results.flat()), new Set(["appended"]));
  const rows = await until("the database answers", () =>
    database.sql<{ name: string }[]>`select name from written`.catch(() => undefined),
  );
  t.same(rows?.map(({ name }) => name).sort(), expected.sort());
});

t.test("of a firing and a cancellation at once, one happens and the other is told", async (t) => {
  const { journal: here, database, open } = await openJournal(t);
  const { journal: there } = await open();
  const seen = new Set<string>();
  for (let round = 0; round < 150; round++) {
    const entityId = `e${round}`;
    const eventful = round % 2 === 0;
    await here.append(appendOf(entityId, 0n, { timers: [schedule("x")] }));
    const [{ id } = { id: "" }] = await timersOf(database.sql, entityId);
    const fires = { name: "x", id };
    const change = round % 3 === 0 ? schedule("x") : cancel("x");
    const pair = [
      there.append(silent(entityId, 1n, { timers: [change] })),
      here.append(eventful ? appendOf(entityId, 1n, { fires }) : silent(entityId, 1n, { fires })),
    ];
    const [changed, fired] = await Promise.all(round % 5 < 2 ? pair.toReversed() : pair).then((results) =>
      round % 5 < 2 ? results.toReversed() : results,
    );
    const outcome = `${eventful ? "event" : "silent"}: ${changed?.type} ${fired?.type}`;
    seen.add(outcome);
    const left = await names(database.sql, entityId);
    if (fired?.type === "appended" && changed?.type === "conflict") t.same(left, [], outcome);
    else t.same(left, change.type === "schedule" ? ["x"] : [], outcome);
  }
  seen.delete("event: conflict appended");
  seen.delete("event: appended gone");
  // One that changes nothing may have been there first.
  seen.delete("silent: appended appended");
  seen.delete("silent: appended gone");
  t.same([...seen], [], "a firing with events never stands beside a change that did not see it");
});

t.test(
  "a cancellation sees the timer of a command that was there before it, though that added no event",
  async (t) => {
    const { journal: here, database, open } = await openJournal(t);
    const { journal: there } = await open();
    const { sql } = database;
    await here.append(appendOf("a", 0n));
    // The first one is held in the middle of its statement, when it is too late for it to see the other.
    await sql`create function hold() returns trigger language plpgsql as
    $$ begin perform pg_advisory_xact_lock(hashtextextended(current_schema(), 7)); return new; end $$`;
    await sql`create trigger hold before insert on timer for each row execute function hold()`;
    const waiting = (count: number) => async (): Promise<boolean> => {
      const [row] = await sql<{ waiting: number }[]>`
      select count(*)::int as waiting from pg_stat_activity
      where application_name = ${`samspel ${database.schema}`} and wait_event_type = 'Lock'`;
      return row?.waiting === count;
    };
    const holder = await sql.reserve();
    await holder`select pg_advisory_lock(hashtextextended(current_schema(), 7))`;
    const scheduled = here.append(silent("a", 1n, { timers: [schedule("x")] }));
    await until("the first one is held", waiting(1), waitMs);
    const cancelled = there.append(appendOf("a", 1n, { timers: [cancel("x")] }));
    await until("the second one waits for it", waiting(2), waitMs);
    await holder`select pg_advisory_unlock(hashtextextended(current_schema(), 7))`;
    holder.release();
    t.match(await Promise.all([scheduled, cancelled]), [{ type: "appended" }, { type: "appended" }]);
    t.same(await names(sql, "a"), [], "the cancelled timer is not there");
  },
);

t.test("groups of two processes over the same entities do not deadlock (S3)", async (t) => {
  const { schema } = await openJournal(t);
  const { logger, lines } = recordingLogger();
  const processes = await Promise.all(Array.from({ length: 3 }, () => openProcess(t, { schema, logger })));
  const journals = processes.map(({ journal }) => journal);
  const entities = Array.from({ length: 60 }, (_, index) => `e${index}`);
  await Promise.all(
    journals.map(async (journal, process) => {
      for (let round = 0; round < 15; round++) {
        const order = process % 2 === 0 ? entities : entities.toReversed();
        await Promise.all(
          order.map(async (entityId, index) => {
            const revision = await journal.confirm("counter", entityId);
            const timers = [
              schedule(`t${(index + round) % 3}`),
              cancel(`t${(index + round + process + 1) % 3}`),
            ];
            const distinct = [...new Map(timers.map((change) => [change.name, change])).values()];
            const events =
              round % 2 === 0 && (index + process) % 3 === 0 ? [] : [{ payload: Buffer.from("x") }];
            await journal.append(appendOf(entityId, revision, { events, timers: distinct }));
          }),
        );
      }
    }),
  );
  t.same(
    lines.filter(({ level }) => level === "warn" || level === "error"),
    [],
  );
});

t.test("the timers of an entity are what is left of its changes, in order", async (t) => {
  const { journal, database } = await openJournal(t);
  const change = fc.record({
    name: fc.constantFrom("a", "b", "c", "ö\u0001", "'"),
    type: fc.constantFrom("schedule" as const, "cancel" as const),
  });
  const command = fc.record({
    silent: fc.boolean(),
    changes: fc.uniqueArray(change, { selector: ({ name }) => name, maxLength: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 8 }), async (commands) => {
      const entityId = randomUUID();
      const model = new Set<string>();
      let revision = 0n;
      for (const { silent, changes } of commands) {
        const timers = changes.map(({ name, type }) => (type === "cancel" ? cancel(name) : schedule(name)));
        const result = await journal.append(
          appendOf(entityId, revision, { timers, ...(silent && { events: [] }) }),
        );
        if (result.type !== "appended") throw new Error(result.type);
        ({ revision } = result);
        for (const { name, type } of changes) {
          if (type === "cancel") model.delete(name);
          else model.add(name);
        }
      }
      t.same(await names(database.sql, entityId), [...model].sort());
    }),
    { numRuns: 40 },
  );
});
