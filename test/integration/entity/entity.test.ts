import { randomUUID } from "node:crypto";
import { create, isMessage, type Message } from "@bufbuild/protobuf";
import t, { type Test } from "tap";
import {
  createEntityHost,
  type EntityHost,
  type EntityHostOptions,
} from "../../../ts-runtime/src/entity/index.ts";
import { createJournal } from "../../../ts-runtime/src/journal/index.ts";
import { migrate, openDatabase, type Database } from "../../../ts-runtime/src/postgres/index.ts";
import {
  GetCounterRequestSchema,
  GetCounterResponseSchema,
  IncrementRequestSchema,
  IncrementResponseSchema,
  ResetRequestSchema,
} from "../../gen/samspel/test/v1/counter_pb.ts";
import { defineCounter, type CounterOptions } from "../../support/counter.ts";
import { databaseUrl } from "../../support/environment.ts";
import { testSchema } from "../../support/isolation.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { until } from "../../support/until.ts";

interface Counters {
  readonly host: EntityHost;
  readonly database: Database;
  increment(counterId: string, amount: bigint, commandId?: string): Promise<bigint>;
  reset(counterId: string, commandId?: string): Promise<void>;
  get(counterId: string): Promise<bigint>;
  /** Revisions in the journal, in order. */
  revisions(counterId: string): Promise<readonly bigint[]>;
}

/** One process that serves counters; several of them on one schema are several instances. */
async function startCounters(
  t: Test,
  schema: string,
  options: Partial<EntityHostOptions> & CounterOptions = {},
): Promise<Counters> {
  const database = await openDatabase({ url: databaseUrl(), schema, logger: silentLogger });
  await migrate(database);
  const journal = createJournal({ database });
  const host = createEntityHost({ entity: defineCounter(options), journal, ...options });
  t.teardown(async () => {
    host[Symbol.dispose]();
    await journal[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });
  const ask = (
    command: string,
    request: Message & { readonly counterId: string },
    commandId?: string,
  ): Promise<Message> =>
    host.ask({
      command,
      entityId: request.counterId,
      request,
      commandId,
      client: () => {
        throw new Error("a counter calls nobody");
      },
      signal: AbortSignal.timeout(10_000),
      requestHeader: new Headers(),
    });
  return {
    host,
    database,
    async increment(counterId, amount, commandId) {
      const request = create(IncrementRequestSchema, { counterId, amount });
      return valueOf(await ask("increment", request, commandId));
    },
    async reset(counterId, commandId) {
      await ask("reset", create(ResetRequestSchema, { counterId }), commandId);
    },
    async get(counterId) {
      return valueOf(await ask("getCounter", create(GetCounterRequestSchema, { counterId })));
    },
    async revisions(counterId) {
      const rows = await database.sql<{ revision: bigint }[]>`
        select revision from event where entity_id = ${counterId} order by revision`;
      return rows.map(({ revision }) => revision);
    },
  };
}

function valueOf(reply: Message): bigint {
  if (isMessage(reply, IncrementResponseSchema) || isMessage(reply, GetCounterResponseSchema))
    return reply.value;
  throw new Error(`${reply.$typeName} has no value`);
}

const upTo = (last: number): readonly bigint[] =>
  Array.from({ length: last }, (_, index) => BigInt(index + 1));

t.test("ask() replies with the state after its events, and a rejection adds none", async (t) => {
  const counters = await startCounters(t, testSchema(t));
  t.equal(await counters.increment("a", 5n), 5n);
  await t.rejects(counters.increment("a", -6n), { code: "SAMSPEL_REJECTED", message: "counter would be -1" });
  t.equal(await counters.get("a"), 5n);
  t.same(await counters.revisions("a"), upTo(1));
});

t.test("ask() runs the commands of one entity one at a time, in order (J1)", async (t) => {
  const counters = await startCounters(t, testSchema(t));
  const replies = await Promise.all(Array.from({ length: 200 }, () => counters.increment("a", 1n)));
  t.same(replies, upTo(200));
  t.same(await counters.revisions("a"), upTo(200));
});

t.test("two instances that fight over one entity lose and double nothing (J1)", async (t) => {
  const schema = testSchema(t);
  const instances = await Promise.all([startCounters(t, schema), startCounters(t, schema)]);
  const replies = await Promise.all(
    instances.flatMap((counters) => Array.from({ length: 40 }, () => counters.increment("a", 1n))),
  );
  t.same(
    replies.toSorted((x, y) => Number(x - y)),
    upTo(80),
    "each increment was seen once",
  );
  t.same(await instances[0].revisions("a"), upTo(80));
});

t.test("a reply or a rejection rests on what other instances wrote (H1)", async (t) => {
  const schema = testSchema(t);
  const [here, there] = await Promise.all([startCounters(t, schema), startCounters(t, schema)]);
  t.equal(await here.increment("a", 5n), 5n);
  t.equal(await there.increment("a", -5n), 0n);
  t.equal(await here.get("a"), 0n, "a read is not stale");
  t.equal(await there.increment("a", 3n), 3n);
  t.equal(await here.increment("a", -3n), 0n, "a rejection is not stale");
});

t.test("a command that is sent again gets its first reply and adds no event (J3)", async (t) => {
  const schema = testSchema(t);
  const id = randomUUID();
  const first = await startCounters(t, schema);
  const replies = await Promise.all([first.increment("a", 2n, id), first.increment("a", 2n, id)]);
  t.same(replies, [2n, 2n], "at once");
  await first.increment("a", 10n);
  t.equal(await first.increment("a", 2n, id), 2n, "later, in the same process");
  const second = await startCounters(t, schema);
  t.equal(await second.increment("a", 2n, id), 2n, "in another process");
  t.same(await second.revisions("a"), upTo(2));
  t.equal(await second.increment("b", 2n, id), 2n, "an id counts for one entity only");
});

t.test("a command without events is remembered as well (J3)", async (t) => {
  const counters = await startCounters(t, testSchema(t));
  const id = randomUUID();
  await counters.reset("a", id);
  await counters.increment("a", 1n);
  await counters.reset("a", id);
  t.equal(await counters.get("a"), 1n, "the second reset is the first one again");
});

t.test("a command that was accepted once is not rejected when it is sent again (H3)", async (t) => {
  const counters = await startCounters(t, testSchema(t));
  const id = randomUUID();
  await counters.increment("a", 5n);
  t.equal(await counters.increment("a", -5n, id), 0n);
  t.equal(await counters.increment("a", -5n, id), 0n);
});

t.test("recovery is the snapshot and the events behind it (J5)", async (t) => {
  const schema = testSchema(t);
  const writer = await startCounters(t, schema, { snapshotEvery: 10 });
  for (let index = 0; index < 25; index++) await writer.increment("a", 1n);
  const snapshots = await writer.database.sql<{ revision: bigint }[]>`select revision from snapshot`;
  t.same(
    snapshots.map((row) => row.revision),
    [20n],
  );
  await writer.database.sql`delete from event where revision <= 20`;
  const reader = await startCounters(t, schema, { snapshotEvery: 10 });
  t.equal(await reader.get("a"), 25n, "the events before the snapshot were not needed");
});

t.test("the number of live entities is bounded (J5)", async (t) => {
  const counters = await startCounters(t, testSchema(t), { maxLive: 3 });
  for (const id of ["a", "b", "c", "d", "e"]) await counters.increment(id, 1n);
  t.equal(counters.host.live, 3);
});

t.test("idle entities leave memory (J5)", async (t) => {
  const counters = await startCounters(t, testSchema(t), { passivateAfterMs: 50 });
  for (const id of ["a", "b", "c"]) await counters.increment(id, 1n);
  await until("all entities have left memory", () => counters.host.live === 0);
  t.equal(await counters.increment("a", 1n), 2n, "one that left comes back");
});

t.test("a failed append leaves nothing behind (J8)", async (t) => {
  const counters = await startCounters(t, testSchema(t));
  await counters.increment("a", 1n);
  const { sql } = counters.database;
  await sql`alter table event add constraint refuse check (revision < 2)`;
  await t.rejects(counters.increment("a", 1n));
  t.equal(await counters.get("a"), 1n);
  await sql`alter table event drop constraint refuse`;
  t.equal(await counters.increment("a", 1n), 2n);
});
