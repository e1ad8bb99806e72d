import t from "tap";
import { startPosition } from "../../../ts-runtime/src/journal/index.ts";
import { appendOf, collect, cutConnections, openJournal } from "../../support/journal.ts";
import { until } from "../../support/until.ts";

const fingerprint = "v1";

t.test(
  "append() and load() give back what was appended, and the snapshot of the right fingerprint",
  async (t) => {
    const { journal } = await openJournal(t);
    const entity = { entityType: "counter", entityId: 'odd "\\{},id' };
    const payload = Buffer.from([0, 1, 2, 0xff]);

    t.same(
      await journal.append({
        ...entity,
        expectedRevision: 0n,
        events: [{ payload }, { payload: Buffer.alloc(0) }],
        metadata: { traceparent: 'a "b" \\' },
        snapshot: { state: Buffer.from("two"), fingerprint },
      }),
      { type: "appended", revision: 2n },
    );
    t.same(await journal.append({ ...entity, expectedRevision: 2n, events: [{ payload }] }), {
      type: "appended",
      revision: 3n,
    });

    const recovery = await journal.load({ ...entity, fingerprint });
    t.same(recovery.snapshot, { revision: 2n, state: Buffer.from("two") });
    t.same(await collect(recovery.events), [{ revision: 3n, payload }]);
    const unknown = await journal.load({ ...entity, fingerprint: "v2" });
    t.equal(unknown.snapshot, undefined);
    t.same(
      (await collect(unknown.events)).map(({ revision }) => revision),
      [1n, 2n, 3n],
    );
    // A transaction of another test may hold readers back.
    const events = await until("the events can be read", async () => {
      const page = await journal.read({ after: startPosition });
      return page.events.length === 3 && page.events;
    });
    t.match(events[0], { ...entity, revision: 1n, payload, metadata: { traceparent: 'a "b" \\' } });
  },
);

t.test(
  "append() refuses a stale revision and a gap with the actual one, and fails only that entity",
  async (t) => {
    const { journal } = await openJournal(t);
    await journal.append(appendOf("a", 0n));
    const group = await Promise.all([
      journal.append(appendOf("a", 0n)),
      journal.append(appendOf("b", 6n)),
      journal.append(appendOf("c", 0n)),
    ]);
    t.same(group, [
      { type: "conflict", actual: 1n },
      { type: "conflict", actual: 0n },
      { type: "appended", revision: 1n },
    ]);
    await t.rejects(journal.append(appendOf("nul\0", 0n)), { code: "SAMSPEL_INVALID_REQUEST" });
    await t.rejects(journal.append(appendOf("lone \ud800", 0n)), { code: "SAMSPEL_INVALID_REQUEST" });
    t.same(await Promise.all(["a", "b", "c"].map((id) => journal.confirm("counter", id))), [1n, 0n, 1n]);
  },
);

t.test("append() fails only the append that Postgres refuses, not its group", async (t) => {
  const { journal, database } = await openJournal(t);
  await database.sql`alter table event add constraint poison check (entity_id <> 'bad')`;
  const [good, bad, other] = await Promise.allSettled([
    journal.append(appendOf("good", 0n)),
    journal.append(appendOf("bad", 0n)),
    journal.append(appendOf("other", 0n)),
  ]);
  t.equal(good?.status, "fulfilled");
  t.match(bad, { status: "rejected", reason: { constraint_name: "poison" } });
  t.equal(other?.status, "fulfilled");
});

t.test(
  "append() gives a repeated command its first reply, also in another process and without events",
  async (t) => {
    const { journal, open } = await openJournal(t);
    const command = { id: "c-1", reply: Buffer.from("first") };
    t.match(await journal.append(appendOf("a", 0n, { command })), { type: "appended" });
    const silent = { id: "c-2", reply: Buffer.from("nothing to do") };
    t.match(await journal.append(appendOf("a", 1n, { command: silent, events: [] })), {
      type: "appended",
      revision: 1n,
    });
    await journal.close();

    const { journal: other } = await open();
    const again = { ...command, reply: Buffer.from("second") };
    t.same(await other.append(appendOf("a", 1n, { command: again })), {
      type: "duplicate",
      revision: 1n,
      reply: Buffer.from("first"),
    });
    t.match(await other.append(appendOf("a", 7n, { command: silent, events: [] })), { type: "duplicate" });
    t.same(await other.loadCommand({ entityType: "counter", entityId: "a", commandId: "c-1" }), {
      revision: 1n,
      reply: Buffer.from("first"),
    });
    t.equal(await other.loadCommand({ entityType: "counter", entityId: "b", commandId: "c-1" }), undefined);
    t.equal(await other.confirm("counter", "a"), 1n);
    await t.rejects(journal.append(appendOf("a", 1n)), { code: "SAMSPEL_DRAINING" });
  },
);

t.test("append() refuses what exceeds its bound, names the limit, and commits the rest", async (t) => {
  const { journal } = await openJournal(t, { maxPending: 3 });
  const results = await Promise.allSettled(
    ["a", "b", "c", "d"].map((id) => journal.append(appendOf(id, 0n))),
  );
  t.same(
    results.map(({ status }) => status),
    ["fulfilled", "fulfilled", "fulfilled", "rejected"],
  );
  t.match(results[3], { reason: { code: "SAMSPEL_OVERLOADED", metadata: { limit: "3" } } });
  t.match(await journal.append(appendOf("d", 0n)), { type: "appended" });
});

t.test("append() bounds what waits in bytes, and each event, and names the limit", async (t) => {
  const { journal } = await openJournal(t, { maxPendingBytes: 2_000, maxEventBytes: 900 });
  const of = (id: string, bytes: number): ReturnType<typeof journal.append> =>
    journal.append(appendOf(id, 0n, { events: [{ payload: Buffer.alloc(bytes, 1) }] }));
  const results = await Promise.allSettled([of("a", 900), of("b", 900), of("c", 900), of("d", 901)]);
  t.same(
    results.map(({ status }) => status),
    ["fulfilled", "fulfilled", "rejected", "rejected"],
  );
  t.match(results[2], { reason: { code: "SAMSPEL_OVERLOADED", metadata: { limit: "2000" } } });
  t.match(results[3], {
    reason: { code: "SAMSPEL_EVENT_TOO_LARGE", metadata: { limit: "900", bytes: "901" }, retryable: false },
  });
  t.match(await of("c", 900), { type: "appended" }, "there is room again");
});

t.test("append() loses and doubles nothing when two processes fight over one entity", async (t) => {
  const { journal, open } = await openJournal(t);
  const { journal: other } = await open();
  const each = 60;
  const won: bigint[] = [];
  const fight = async (journal: typeof other): Promise<void> => {
    let expected = 0n;
    for (let done = 0; done < each;) {
      const result = await journal.append(appendOf("a", expected));
      if (result.type === "appended") {
        won.push(result.revision);
        done++;
        expected = result.revision;
      } else if (result.type === "conflict") {
        expected = result.actual;
      }
    }
  };
  await Promise.all([fight(journal), fight(other)]);
  const all = Array.from({ length: 2 * each }, (_, index) => BigInt(index + 1));
  t.same(
    won.toSorted((a, b) => Number(a - b)),
    all,
  );
  const { events } = await journal.load({ entityType: "counter", entityId: "a", fingerprint });
  t.same(
    (await collect(events)).map(({ revision }) => revision),
    all,
  );
});

t.test("load() refuses a journal with a hole, and reads on behind the first page", async (t) => {
  const { journal, database } = await openJournal(t);
  const events = Array.from({ length: 2_500 }, () => ({ payload: Buffer.from("x") }));
  await journal.append(appendOf("a", 0n, { events }));
  const whole = await journal.load({ entityType: "counter", entityId: "a", fingerprint });
  t.equal((await collect(whole.events)).at(-1)?.revision, 2_500n);
  await database.sql`delete from event where revision = 1700`;
  const holed = await journal.load({ entityType: "counter", entityId: "a", fingerprint });
  await t.rejects(collect(holed.events), { code: "SAMSPEL_JOURNAL_CORRUPT" });
});

t.test(
  "append() of a command without events is judged, as it has no primary key that would refuse it",
  async (t) => {
    const { journal } = await openJournal(t);
    for (const revision of [0n, 1n]) {
      const { incarnation } = journal;
      await journal.append(appendOf("a", revision, { incarnation }));
    }
    const command = { id: "c-1", reply: Buffer.from("rests on revision 1") };
    const { incarnation } = journal;
    t.same(await journal.append(appendOf("a", 1n, { events: [], command, incarnation })), {
      type: "conflict",
      actual: 2n,
    });
  },
);

t.test(
  "append() leaves no gap where a new backend answers, as after a crash that lost commits (Q2)",
  async (t) => {
    const { journal, database, schema } = await openJournal(t);
    const append = (revision: bigint): ReturnType<typeof journal.append> =>
      journal.append(appendOf("a", revision, { incarnation: journal.incarnation }));
    for (let revision = 0n; revision < 4n; revision++)
      t.match(await append(revision), { type: "appended", revision: revision + 1n });
    const known = journal.incarnation;
    await database.sql`delete from event where revision = 4`;
    t.ok((await cutConnections(schema)) > 0);
    t.same(await append(4n), { type: "conflict", actual: 3n });
    t.match(await append(3n), { type: "appended", revision: 4n });
    t.ok(journal.incarnation > known, "what was learned before is looked up again");
  },
);
