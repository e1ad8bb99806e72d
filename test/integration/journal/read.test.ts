import t from "tap";
import { startPosition, type JournalEvent } from "../../../ts-runtime/src/journal/index.ts";
import { createHoldReport } from "../../../ts-runtime/src/journal/hold-report.ts";
import { comparePositions } from "../../../ts-runtime/src/journal/position.ts";
import { readPage } from "../../../ts-runtime/src/journal/read-page.ts";
import { until } from "../../support/until.ts";
import { appendOf, cutConnections, openJournal } from "../../support/journal.ts";

const keys = (events: readonly JournalEvent[]): readonly string[] =>
  events.map(({ entityId, revision }) => `${entityId}/${revision}`);

t.test("read() loses nothing when transactions commit in another order than they began", async (t) => {
  const { journal, database } = await openJournal(t);
  const { sql } = database;
  let naive = 0n;
  const naiveSeen: string[] = [];
  const readNaively = async (): Promise<void> => {
    const rows = await sql<{ position: bigint; entity_id: string }[]>`
      select position, entity_id from event where position > ${naive} order by position`;
    for (const row of rows) {
      naive = row.position;
      naiveSeen.push(row.entity_id);
    }
  };

  const inserted = Promise.withResolvers<void>();
  const mayCommit = Promise.withResolvers<void>();
  const slow = sql.begin(async (tx) => {
    await tx`insert into event (entity_type, entity_id, revision, slice, append_id, payload)
      values ('counter', 'slow', 1, 0, gen_random_uuid(), '')`;
    inserted.resolve();
    await mayCommit.promise;
  });
  await inserted.promise;
  await journal.append(appendOf("fast", 0n));

  await readNaively();
  const held = await journal.read({ after: startPosition });
  t.same(naiveSeen, ["fast"], "the naive reader sees the later event first");
  t.same(held.events, [], "what an open transaction may still precede is held back");

  mayCommit.resolve();
  await slow;
  await readNaively();
  t.same(naiveSeen, ["fast"], "the naive reader has lost the slow event for ever");
  const page = await until("both events can be read", async () => {
    const page = await journal.read({ after: held.next });
    return page.events.length === 2 ? page : undefined;
  });
  t.same(keys(page?.events ?? []), ["slow/1", "fast/1"]);
});

t.test("read() goes on behind what its filters left out, page by page", async (t) => {
  const { journal } = await openJournal(t);
  const ids = Array.from({ length: 25 }, (_, index) => `e${index}`);
  await Promise.all(ids.map((id) => journal.append(appendOf(id, 0n))));
  await journal.append({ ...appendOf("other", 0n), entityType: "other" });

  const found: JournalEvent[] = [];
  let after = startPosition;
  await until("all counters are read", async () => {
    const page = await journal.read({ after, limit: 10, entityTypes: ["counter"] });
    found.push(...page.events);
    after = page.next;
    return found.length >= 25;
  });
  t.equal(new Set(keys(found)).size, 25);
  t.same(
    found.toSorted((a, b) => comparePositions(a.position, b.position)),
    found,
  );

  await until("the reader has passed the event that its filter left out", async () => {
    const page = await journal.read({ after, entityTypes: ["counter"] });
    t.equal(page.events.length, 0);
    after = page.next;
    const all = await journal.read({ after: startPosition });
    return all.events.length === 26 && (await journal.read({ after })).events.length === 0;
  });

  const [lower, upper] = await Promise.all(
    [
      { from: 0, to: 511 },
      { from: 512, to: 1023 },
    ].map((slices) => journal.read({ after: startPosition, slices })),
  );
  t.equal((lower?.events.length ?? 0) + (upper?.events.length ?? 0), 26);
  t.ok(lower?.events.every(({ slice }) => slice <= 511));
});

t.test(
  "read() does not sort the journal of a young table, as the appender asks for statistics",
  async (t) => {
    const { journal, database } = await openJournal(t);
    const events = Array.from({ length: 1_000 }, () => ({ payload: Buffer.alloc(200) }));
    await Promise.all(
      Array.from({ length: 40 }, (_, i) => journal.append(appendOf(`e${i}`, 0n, { events }))),
    );
    await journal.close();
    const plan = await database.sql<{ "QUERY PLAN": string }[]>`
    explain select * from event
    where (tx, position) > ('1', 0) and tx < pg_snapshot_xmin(pg_current_snapshot())
      and entity_type = any('{counter}')
    order by tx, position limit 1000`;
    const text = plan.map((row) => row["QUERY PLAN"]).join("\n");
    t.match(text, /event_order/);
    t.notMatch(text, /event_pkey/);
  },
);

t.test(
  "follow() gets every event once, in order, woken only by NOTIFY, also after connections were cut",
  async (t) => {
    const { journal, open, schema } = await openJournal(t);
    const { journal: reader } = await open();
    const end = new AbortController();
    t.teardown(() => end.abort());
    const seen: JournalEvent[] = [];
    const following = (async () => {
      const pages = reader.follow({ after: startPosition, signal: end.signal, pollMs: 600_000 });
      for await (const page of pages) seen.push(...page.events);
    })();

    const append = async (id: string, from: bigint): Promise<void> => {
      for (let revision = from; revision < from + 20n; revision++) {
        const result = await journal.append(appendOf(id, revision));
        if (result.type !== "appended") throw new Error(`${id}: ${result.type}`);
      }
    };
    const ids = Array.from({ length: 10 }, (_, index) => `e${index}`);
    await Promise.all(ids.map((id) => append(id, 0n)));
    await until("all is followed", () => seen.length === 200, 60_000);
    t.ok((await cutConnections(schema)) > 0);
    await Promise.all(ids.map((id) => append(id, 20n)));
    await until("all is followed again", () => seen.length >= 400, 60_000);
    end.abort();
    await following;

    t.equal(new Set(keys(seen)).size, 400);
    t.equal(seen.length, 400);
    t.same(
      seen.toSorted((a, b) => comparePositions(a.position, b.position)),
      seen,
    );
    for (const id of ids) {
      const revisions = seen
        .filter(({ entityId }) => entityId === id)
        .map(({ revision }) => Number(revision));
      t.same(
        revisions,
        Array.from({ length: 40 }, (_, index) => index + 1),
      );
    }
  },
);

t.test("follow() names the transaction that holds readers back", async (t) => {
  const { journal, database } = await openJournal(t);
  const warnings: object[] = [];
  const report = createHoldReport(
    {
      ...database,
      logger: Object.assign(database.logger, { warn: (facts: object) => warnings.push(facts) }),
    },
    50,
  );
  const end = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const holder = database.sql.begin(async (tx) => {
    await tx`select pg_current_xact_id()`;
    begun.resolve();
    await end.promise;
  });
  await begun.promise;
  await journal.append(appendOf("a", 0n));
  await until("the holder is named", async () => {
    const { heldBack } = await readPage(database.sql, { after: startPosition });
    t.equal(heldBack, true);
    await report.note(heldBack);
    return warnings.length > 0;
  });
  // Another test's transaction on the same server may be older than ours; alone, ours is the one.
  t.match(warnings[0], { pid: Number, applicationName: String, ageMs: Number });
  end.resolve();
  await holder;
});

t.test("follow() of two ranges of slices gets every event once, woken only by NOTIFY", async (t) => {
  const { journal, open } = await openJournal(t);
  const { journal: reader } = await open();
  const end = new AbortController();
  t.teardown(() => end.abort());
  const ranges = [
    { from: 0, to: 511 },
    { from: 512, to: 1023 },
  ];
  const seen = ranges.map(() => [] as JournalEvent[]);
  const following = ranges.map(async (slices, index) => {
    const pages = reader.follow({ after: startPosition, signal: end.signal, pollMs: 600_000, slices });
    for await (const page of pages) seen[index]?.push(...page.events);
  });
  const ids = Array.from({ length: 60 }, (_, index) => `e${index}`);
  for (let revision = 0n; revision < 3n; revision++) {
    await Promise.all(ids.map((id) => journal.append(appendOf(id, revision))));
  }
  await until("all is followed", () => seen.flat().length >= 180, 60_000);
  end.abort();
  await Promise.all(following);
  t.equal(new Set(keys(seen.flat())).size, 180);
  for (const [index, { from, to }] of ranges.entries()) {
    t.ok((seen[index]?.length ?? 0) > 0);
    t.ok(seen[index]?.every(({ slice }) => from <= slice && slice <= to));
  }
});
