// The quick way writes what the judging way writes, whatever a group is made of (J2, J7).
import { randomUUID } from "node:crypto";
import * as fc from "fast-check";
import t, { type Test } from "tap";
import { runAppends } from "../../../ts-runtime/src/journal/append-statement.ts";
import type { Append, OutboxMessage } from "../../../ts-runtime/src/journal/index.ts";
import { runQuickAppends } from "../../../ts-runtime/src/journal/quick-append.ts";
import type { Database } from "../../../ts-runtime/src/postgres/index.ts";
import { appendOf, openJournal } from "../../support/journal.ts";

const bytes = fc.uint8Array({ maxLength: 40 });
/** What arrays as text have to escape. */
const text = fc.string({ unit: fc.constantFrom("a", "Z", "7", '"', "\\", "{", "}", ",", " ", "å", "😀") });

const tell: fc.Arbitrary<OutboxMessage> = fc.record({
  slice: fc.nat(1023),
  stream: text,
  subject: text,
  messageId: text,
  key: text,
  headers: text.map((id) => JSON.stringify({ "ce-id": id })),
  body: bytes,
  delayMs: fc.constantFrom(undefined, 60_000),
});

const append = fc.record({
  entityType: fc.constantFrom("account", 'odd "{type},\\'),
  events: fc.array(fc.record({ payload: bytes }), { minLength: 1, maxLength: 3 }),
  metadata: fc.option(fc.dictionary(text, text, { maxKeys: 2 }), { nil: undefined }),
  command: fc.option(fc.record({ id: text, reply: bytes }), { nil: undefined }),
  snapshot: fc.option(fc.record({ state: bytes, fingerprint: text }), { nil: undefined }),
  tells: fc.option(fc.array(tell, { minLength: 1, maxLength: 2 }), { nil: undefined }),
});

const group = fc.array(append, { minLength: 1, maxLength: 5 });

async function rowsOf({ sql }: Database, prefix: string): Promise<unknown> {
  const own = sql`where entity_id like ${`${prefix}%`}`;
  const entity = sql`entity_type, substring(entity_id from ${prefix.length + 1}::int) as entity_id`;
  return {
    events: await sql`
      select ${entity}, revision, payload, metadata from event ${own} order by entity_type, event.entity_id, revision`,
    commands: await sql`
      select ${entity}, command_id, revision, reply from command ${own} order by entity_type, command.entity_id`,
    snapshots: await sql`
      select ${entity}, revision, state, fingerprint from snapshot ${own} order by entity_type, snapshot.entity_id`,
    outbox: await sql`
      select slice, stream, subject, message_id, key, headers, body, due_at > now() as waits from outbox order by id`,
  };
}

/** A connection of its own, and what the journal would know of its server. */
async function reserve(t: Test, { sql }: Database) {
  const connection = await sql.reserve();
  t.teardown(() => connection.release());
  const [server] = await connection<{ since: string; pid: number }[]>`
    select pg_postmaster_start_time()::text as since, pg_backend_pid() as pid`;
  if (server === undefined) throw new Error("Postgres does not say who it is");
  return { connection, known: { since: server.since, pids: [server.pid] } };
}

t.test(
  "metadata of the first event that a connection appends alone is no JSON within a string",
  async (t) => {
    const { database } = await openJournal(t);
    const { connection, known } = await reserve(t, database);
    const metadata = { traceparent: "00-1-2-01" };
    const options = { server: known, appendId: randomUUID() };
    await runQuickAppends(connection, options, [appendOf("a", 0n, { metadata })]);
    t.same((await connection`select metadata from event`)[0], { metadata });
  },
);

t.test("runQuickAppends() leaves the same rows as runAppends(), whatever a group is made of", async (t) => {
  const { database } = await openJournal(t);
  const { sql } = database;
  const { connection, known } = await reserve(t, database);

  await fc.assert(
    fc.asyncProperty(group, async (group) => {
      const prefix = `${randomUUID()}/`;
      const appends = group.map((append, index): Append => ({
        ...append,
        entityId: `${prefix}${index}`,
        expectedRevision: 0n,
      }));
      const written = async (write: () => Promise<unknown>): Promise<unknown> => {
        await sql`truncate outbox`;
        await write();
        const rows = await rowsOf(database, prefix);
        for (const table of ["event", "command", "snapshot"]) await sql`delete from ${sql(table)}`;
        return rows;
      };
      const judged = await written(() =>
        runAppends(
          sql,
          appends.map((append) => ({ ...append, appendId: randomUUID() })),
        ),
      );
      const quick = await written(async () => {
        const options = { server: known, appendId: randomUUID() };
        t.match(await runQuickAppends(connection, options, appends), { written: true });
      });
      t.same(quick, judged);
    }),
    { numRuns: 150 },
  );
});
