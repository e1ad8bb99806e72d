// Forgetting on a real Postgres: what is left, what is not, and what everybody else makes of it (J1 to J4).
import { randomUUID } from "node:crypto";
import t from "tap";
import { createJournal } from "../../../ts-runtime/src/journal/index.ts";
import { openDatabase } from "../../../ts-runtime/src/postgres/index.ts";
import { databaseUrl } from "../../support/environment.ts";
import { openJournal, type Process } from "../../support/journal.ts";
import { serveMembers, tablesWith } from "../../support/member.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/until.ts";

interface EventRow {
  readonly revision: bigint;
  readonly tx: bigint;
  readonly position: bigint;
  readonly recorded_at: Date;
  readonly bytes: number;
}

const eventsOf = ({ database }: Process, memberId: string): Promise<readonly EventRow[]> =>
  database.sql<EventRow[]>`
    select revision, tx, position, recorded_at, length(payload) as bytes from event
    where entity_id = ${memberId} order by revision`;

const audit = ({ database }: Process) => database.sql`
  select entity_type, entity_id, through_revision, events_rewritten, events_erased, command_id
  from forgetting order by recorded_at`;

const secret = "Wilhelmina";

t.test("forget() leaves the secret in no table, and every event in its place", async (t) => {
  const on = await openJournal(t);
  const members = serveMembers(t, on, { snapshotEvery: 2 });
  await members.register("a", secret, "c1");
  await members.addNote("a", `${secret} is tall`, "c2");
  await members.payFee("a", 5n, "c3");
  await members.greet("a", "c4");
  await members.register("b", "Bo");
  await on.database.sql`
    insert into projection_failure (projection, version, generation, entity_type, entity_id, revision, attempts, error)
    values ('p', 1, 1, 'member', 'a', 2, 5, ${`RangeError: ${secret}`}), ('p', 1, 1, 'member', 'b', 1, 5, 'RangeError: Bo')`;
  const before = await eventsOf(on, "a");
  t.same(await tablesWith(on, secret), ["command", "event", "projection_failure", "snapshot"]);

  const left = await members.forget("a", "c5");
  t.match(left, { name: "", email: "", notes: [], paid: 5n, timesForgotten: 1 });
  t.same(await tablesWith(on, secret), []);
  t.match(await members.get("a"), left, "it is what recovery folds");
  t.match(await members.get("b"), { name: "Bo" });
  t.same(await tablesWith(on, "RangeError: Bo"), ["projection_failure"], "others are left alone");

  const after = await eventsOf(on, "a");
  const places = (events: readonly EventRow[]) => events.map((event) => ({ ...event, bytes: undefined }));
  t.same(places(after.slice(0, 3)), places(before));
  t.same(
    after.map(({ bytes }) => bytes > 0),
    [true, false, true, true],
    "the note is erased",
  );
  t.ok((after[3]?.tx ?? 0n) > (after[2]?.tx ?? 0n));
  t.match(await audit(on), [
    {
      entity_type: "member",
      entity_id: "a",
      through_revision: 3n,
      events_rewritten: 1n,
      events_erased: 1n,
      command_id: "c5",
    },
  ]);
  t.match(await members.register("a", "Willa"), { name: "Willa", paid: 5n }, "the id lives on");
  t.equal((await eventsOf(on, "a")).length, 5);
});

t.test("forget() of everything erases all events, also unread", async (t) => {
  const on = await openJournal(t);
  const members = serveMembers(t, on, { everything: true });
  await members.register("a", secret);
  await members.addNote("a", secret);
  // Written by a version that knew more: it is erased all the same.
  await on.database.sql`update event set payload = '\\x7a00' where revision = 2`;
  t.match(await serveMembers(t, on, { everything: true }).forget("b"), { timesForgotten: 1 }, "of nobody");
  t.match(await members.forget("a"), { name: "", notes: [], timesForgotten: 1 });
  t.same(await tablesWith(on, secret), []);
  t.match(await members.forget("a"), { timesForgotten: 1 }, "the last forgetting is forgotten, too");
  t.same(
    (await eventsOf(on, "a")).map(({ bytes }) => bytes > 0),
    [false, false, false, true],
  );
});

t.test("forget() is not repeated with its command, nor are the commands before it (J3)", async (t) => {
  const on = await openJournal(t);
  const members = serveMembers(t, on);
  const id = randomUUID();
  await members.register("a", secret, "c1");
  const left = await members.forget("a", id);
  await members.payFee("a", 5n);
  t.match(await members.forget("a", id), left);
  t.match(await serveMembers(t, await on.open()).forget("a", id), left, "in another process");
  t.match(await members.register("a", secret, "c1"), { name: "" }, "what it said is blank");
  t.equal((await eventsOf(on, "a")).length, 3);
  const twice = randomUUID();
  const replies = await Promise.all([members.forget("a", twice), members.forget("a", twice)]);
  t.same(
    replies.map(({ timesForgotten }) => timesForgotten),
    [2, 2],
  );
  t.same(await tablesWith(on, secret), []);
});

t.test("an instance that holds the old state answers nothing from it (J1)", async (t) => {
  const on = await openJournal(t);
  const here = serveMembers(t, on);
  const there = serveMembers(t, await on.open(), { snapshotEvery: 1 });
  await here.register("a", secret);
  await here.register("b", secret);
  await there.register("c", "Cleo"); // so that it knows the server, and appends the quick way
  for (const id of ["a", "b"]) t.match(await there.get(id), { name: secret });
  await here.forget("a");
  await here.forget("b");
  t.equal(await there.greet("a", "c1"), "Hello ", "a reply without events");
  t.match(await there.payFee("b", 5n, "c2"), { name: "", paid: 5n }, "an append, and its snapshot");
  t.same(await tablesWith(on, secret), []);
});

t.test("forget() among appends of two instances: each event is before it or behind it", async (t) => {
  const on = await openJournal(t);
  const instances = [serveMembers(t, on), serveMembers(t, await on.open())];
  await Promise.all(
    instances.flatMap((members, instance) =>
      Array.from({ length: 40 }, async (_, index) => {
        await members.addNote("a", `note ${instance}/${index}`, `c${instance}/${index}`);
        if (index === 20) await members.forget("a", `f${instance}`);
      }),
    ),
  );
  const events = await eventsOf(on, "a");
  t.same(
    events.map(({ revision }) => revision),
    Array.from({ length: 82 }, (_, index) => BigInt(index + 1)),
  );
  t.ok(
    events.every(({ tx }, index) => index === 0 || tx > (events[index - 1]?.tx ?? tx)),
    "in the order of their transactions (J4)",
  );
  const { database } = on;
  const [last] = await database.sql<
    { through: bigint }[]
  >`select max(through_revision) as through from forgetting`;
  const through = last?.through ?? 0n;
  t.equal((await audit(on)).length, 2);
  const member = await instances[0]?.get("a");
  t.equal(member?.timesForgotten, 2);
  t.equal(BigInt(member?.notes.length ?? 0), 82n - through - 1n, "notes behind it are kept");
  t.equal(events.filter(({ bytes }) => bytes === 0).length, 80 - (member?.notes.length ?? 0));
  const [replies] = await database.sql<{ wrong: number }[]>`
    select count(*)::int as wrong from command where (reply = '') <> (revision <= ${through})`;
  t.equal(replies?.wrong, 0, "exactly the replies before it are blank");
});

t.test("forget() is done once when the answer to its commit is lost", async (t) => {
  const on = await openJournal(t);
  const proxy = await startTcpProxy(t, databaseUrl());
  await using database = await openDatabase({
    url: proxy.url,
    schema: on.schema,
    logger: silentLogger,
    maxConnections: 2,
    applicationName: `forgetter ${on.schema}`,
  });
  await using journal = createJournal({ database });
  const members = serveMembers(t, { database, journal });
  await members.register("a", secret, "c1");
  // The commit takes its time, so that its connection can be cut in the middle.
  const { sql } = on.database;
  await sql`create function dawdle() returns trigger language plpgsql as
    $$ begin perform pg_sleep(1); return null; end $$`;
  await sql`create constraint trigger dawdle after insert on forgetting deferrable initially deferred
    for each row execute function dawdle()`;
  const forgotten = members.forget("a", "c2");
  await until("it commits", async () => {
    const [found] = await sql`
      select from pg_stat_activity
      where application_name = ${`forgetter ${on.schema}`} and wait_event = 'PgSleep'`;
    return found !== undefined;
  });
  await proxy.cut();
  await proxy.restore();
  t.match(await forgotten, { name: "", timesForgotten: 1 });
  t.match(await audit(on), [{ through_revision: 1n, command_id: "c2" }]);
  t.equal((await audit(on)).length, 1);
  t.match(await members.get("a"), { name: "", timesForgotten: 1 });
  t.same(await tablesWith(on, secret), []);
});

t.test("forget() that dies in the middle changes nothing", async (t) => {
  const on = await openJournal(t);
  await using journal = createJournal({ database: on.database, retryForMs: 0 });
  const members = serveMembers(t, { ...on, journal });
  await members.register("a", secret, "c1");
  const { sql } = on.database;
  await sql`create function stop() returns trigger language plpgsql as
    $$ begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(1); return null; end $$`;
  await sql`create constraint trigger stop after insert on forgetting deferrable initially deferred
    for each row execute function stop()`;
  await t.rejects(members.forget("a"), {
    code: "SAMSPEL_DATABASE_UNREACHABLE",
    message: /outcome of a forgetting/,
    metadata: { outcome: "unknown" },
  });
  await sql`drop trigger stop on forgetting`;
  t.match(await members.get("a"), { name: secret, timesForgotten: 0 });
  t.same(await audit(on), []);
  t.match(await members.forget("a"), { name: "", timesForgotten: 1 });
});

t.test("forget() changes nothing when a handler fails or an event cannot be read", async (t) => {
  const on = await openJournal(t);
  let fails = true;
  const members = serveMembers(t, on, {
    onForget() {
      if (fails) throw new RangeError("not now");
    },
  });
  await members.register("a", secret);
  await members.payFee("a", 5n);
  await t.rejects(members.forget("a"), { name: "RangeError", message: "not now" });
  t.match(await members.get("a"), { name: secret });
  fails = false;
  const { sql } = on.database;
  await sql`update event set payload = '\\x7a00' where revision = 2`;
  await t.rejects(members.forget("a"), { code: "SAMSPEL_EVENT_UNKNOWN" });
  await sql`delete from event where revision = 1`;
  await t.rejects(members.forget("a"), {
    code: "SAMSPEL_JOURNAL_CORRUPT",
    message: /member "a" as revision 1 must follow 0: the journal goes on with 2/,
  });
  t.same(await audit(on), []);
  t.equal((await eventsOf(on, "a")).length, 1);
});

t.test("forget() passes over the pages of a long history, in order", async (t) => {
  const on = await openJournal(t);
  const members = serveMembers(t, on, { snapshotEvery: false });
  await members.register("a", secret);
  await members.payFee("a", 1n);
  // 1,400 more of each, as `payFee` and `register` wrote them.
  await on.database.sql`
    insert into event (entity_type, entity_id, revision, slice, append_id, payload)
    select e.entity_type, e.entity_id, e.revision + 2 * k, e.slice, gen_random_uuid(), e.payload
    from event e cross join generate_series(1, 1400) k`;
  const other = serveMembers(t, await on.open());
  t.match(await other.forget("a"), { name: "", paid: 1_401n, timesForgotten: 1 });
  t.match(await audit(on), [{ through_revision: 2_802n, events_rewritten: 1_401n, events_erased: 0n }]);
  t.same(await tablesWith(on, secret), []);
  t.match(await members.get("a"), { paid: 1_401n });
});
