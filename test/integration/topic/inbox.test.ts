// The inbox, against real Postgres and JetStream: once in effect, whatever comes twice.
import { setTimeout as sleep } from "node:timers/promises";
import { headers as natsHeaders } from "nats";
import t, { type Test } from "tap";
import { migrate, openDatabase, type Database } from "../../../ts-runtime/src/postgres/index.ts";
import {
  ensureStream,
  forgetNotes,
  resetGroup,
  runSubscription,
  streamName,
  subscribe,
  type Broker,
  type OutgoingMessage,
} from "../../../ts-runtime/src/topic/index.ts";
import { openInbox, pruneInbox, type Inbox } from "../../../ts-runtime/src/topic/inbox.ts";
import { CounterTopics } from "../../gen/samspel/test/v1/counter_pb.ts";
import { testBroker } from "../../support/broker.ts";
import { changed, counterTopic, publishAll } from "../../support/counter-topic.ts";
import { databaseUrl } from "../../support/environment.ts";
import { testSchema } from "../../support/isolation.ts";
import { cutConnections } from "../../support/journal.ts";
import { silentLogger as logger } from "../../support/silent-logger.ts";
import { runInstance } from "../../support/subscription.ts";
import { until } from "../../support/until.ts";

const { changed: topicMethod } = CounterTopics.method;
const quick = { initialMs: 10, maxMs: 20 };

async function testDatabase(t: Test): Promise<Database> {
  const database = await openDatabase({ url: databaseUrl(), schema: testSchema(t), logger });
  t.teardown(() => database.close());
  await migrate(database);
  await database.sql`create table total (id text primary key, value bigint not null)`;
  return database;
}

/** As a publisher does that comes back after JetStream has forgotten what it took: the same id, stored again. */
async function publishAgain(broker: Broker, messages: readonly OutgoingMessage[]): Promise<void> {
  await ensureStream(broker, counterTopic);
  for (const { subject, body, headers } of messages) {
    const again = natsHeaders();
    for (const line of headers.split("\r\n")) {
      const [name = "", value] = line.split(": ");
      if (value !== undefined && name !== "Nats-Msg-Id") again.append(name, value);
    }
    await broker.connection.jetstream().publish(subject, body, { headers: again });
  }
}

const totals = async ({ sql }: Database): Promise<ReadonlyMap<string, bigint>> => {
  const rows = await sql<{ id: string; value: bigint }[]>`select id, value from total`;
  return new Map(rows.map(({ id, value }) => [id, value]));
};

t.test(
  "a message counts once that was published twice, or whose handler failed after its work",
  async (t) => {
    const on = await testBroker(t);
    const database = await testDatabase(t);
    const { prefix } = on;
    let attempts = 0;
    runInstance(
      t,
      on,
      subscribe(topicMethod, {
        group: "counts",
        inbox: true,
        retry: quick,
        handler: async ({ counterId, delta }, { sql, attempt }) => {
          attempts += 1;
          await sql`
          insert into total values (${counterId}, ${delta})
          on conflict (id) do update set value = total.value + excluded.value`;
          if (attempt === 1) throw new Error("after the work");
        },
      }),
      { database },
    );
    await publishAll(
      on,
      [1, 2, 3].map((revision) => changed(prefix, "a", revision)),
    );
    await until("three are counted", async () => (await totals(database)).get("a") === 3n);
    await publishAgain(
      on,
      [1, 2, 3].map((revision) => changed(prefix, "a", revision)),
    );
    await publishAll(on, [changed(prefix, "a", 4)]);
    await until("the fourth is counted", async () => (await totals(database)).get("a") === 4n);
    t.equal(attempts, 8, "and the doubles did not reach the handler");
  },
);

t.test("a batch is one transaction, and leaves out what is noted or doubled", async (t) => {
  const on = await testBroker(t);
  const database = await testDatabase(t);
  const { prefix } = on;
  const group = { stream: streamName(prefix, counterTopic), group: "batches" };
  let largest = 0;
  runInstance(
    t,
    on,
    subscribe(topicMethod, {
      group: "batches",
      inbox: true,
      retry: quick,
      batch: async (messages, { sql }) => {
        largest = Math.max(largest, messages.length);
        await sql`
          insert into total values ('all', ${sql.types.bigint(BigInt(messages.length))})
          on conflict (id) do update set value = total.value + excluded.value`;
      },
    }),
    { database },
  );
  const some = Array.from({ length: 300 }, (_, index) => changed(prefix, `key-${index % 3}`, index + 1));
  await publishAll(on, some);
  await publishAgain(on, some.slice(0, 100));
  await until("all are counted", async () => (await totals(database)).get("all") === 300n);
  t.ok(largest > 1, "many at once");
  await publishAgain(on, some.slice(100, 200));
  await publishAll(on, [changed(prefix, "key-0", 301)]);
  await until("one more is counted", async () => (await totals(database)).get("all") === 301n);

  await forgetNotes(database.sql, group);
  await resetGroup(on, group, "beginning");
  await until("all count again", async () => (await totals(database)).get("all") === 602n);
});

t.test("a database that goes away is no attempt at a message", async (t) => {
  const on = await testBroker(t);
  const database = await testDatabase(t);
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  let calls = 0;
  runInstance(
    t,
    on,
    subscribe(topicMethod, {
      group: "away",
      inbox: true,
      retry: { ...quick, maxAttempts: 1 },
      handler: async ({ counterId }, { sql }) => {
        calls += 1;
        begun.resolve();
        await gate.promise;
        await sql`insert into total values (${counterId}, 1)`;
      },
    }),
    { database },
  );
  await publishAll(on, [changed(on.prefix, "a", 1)]);
  await begun.promise;
  await cutConnections(database.schema);
  gate.resolve();
  await until("it is counted", async () => (await totals(database)).get("a") === 1n);
  t.ok(calls > 1, "the first call was in vain");
});

t.test("a holder that was replaced and does not know it begins nothing", async (t) => {
  const database = await testDatabase(t);
  const options = { database, name: "g/s", idleMs: 60_000 };
  const frozen = openInbox(options);
  const next = openInbox(options);
  const ran: string[] = [];
  await frozen.take(3);
  await frozen.handle(3, ["a"], () => void ran.push("frozen a"));
  await next.take(3);
  await t.rejects(
    frozen.handle(3, ["b"], () => void ran.push("frozen b")),
    { message: /is another process's now/ },
  );
  await next.handle(3, ["a"], () => void ran.push("next a"));
  await next.handle(3, ["b"], () => void ran.push("next b"));
  t.same(ran, ["frozen a", "next b"]);
});

t.test("handle() takes any id, also on a connection that has prepared its statements", async (t) => {
  const database = await testDatabase(t);
  const inbox = openInbox({ database, name: "g/s", idleMs: 60_000 });
  await inbox.take(0);
  const ids = Array.from({ length: 40 }, (_, index) => `{"å\\", ${index}}`);
  const ran: string[] = [];
  for (const id of [...ids, ...ids]) {
    await inbox.handle(0, [id, id], (_, fresh) => void ran.push(...fresh));
  }
  t.same(ran, ids);
});

t.test("a transaction that a frozen process left open is ended by whoever takes its partition", async (t) => {
  const database = await testDatabase(t);
  const open = (): Inbox => openInbox({ database, name: "g/s", idleMs: 60_000 });
  const [frozen, neighbour, next] = [open(), open(), open()];
  await frozen.take(0);
  await neighbour.take(1);
  const gate = Promise.withResolvers<void>();
  const leave = (inbox: Inbox, partition: number, id: string): Promise<void> => {
    const begun = Promise.withResolvers<void>();
    const left = inbox.handle(partition, [id], () => {
      begun.resolve();
      return gate.promise;
    });
    left.catch(() => {});
    return begun.promise.then(() => void all.push(left));
  };
  const all: Promise<void>[] = [];
  await leave(frozen, 0, "a");
  await leave(neighbour, 1, "b");
  await next.take(0);
  let ran = 0;
  await next.handle(0, ["a"], () => void (ran += 1));
  gate.resolve();
  const outcomes = await Promise.allSettled(all);
  t.equal(ran, 1, "nobody waited for the 60 s");
  t.same(
    outcomes.map(({ status }) => status),
    ["rejected", "fulfilled"],
    "only its own partition's",
  );
});

t.test("a transaction that waits for its process is ended by the server", async (t) => {
  const database = await testDatabase(t);
  const inbox = openInbox({ database, name: "g/s", idleMs: 300 });
  await inbox.take(0);
  const begun = Promise.withResolvers<void>();
  const left = inbox.handle(0, ["a"], () => {
    begun.resolve();
    return new Promise(() => {});
  });
  left.catch(() => {});
  await begun.promise;
  let ran = 0;
  await inbox.handle(0, ["a"], () => void (ran += 1));
  t.equal(ran, 1);
  await t.rejects(left);
});

t.test("a subscription goes on when somebody else took its token by mistake", async (t) => {
  const on = await testBroker(t);
  const database = await testDatabase(t);
  const { prefix } = on;
  const handled: bigint[] = [];
  runInstance(
    t,
    on,
    subscribe(topicMethod, {
      group: "token",
      inbox: true,
      retry: { ...quick, maxAttempts: 1 },
      handler: ({ value }) => void handled.push(value),
    }),
    { database },
  );
  await publishAll(on, [changed(prefix, "a", 1)]);
  await until("one is handled", () => handled.length === 1);
  await database.sql`update inbox_fence set token = token + 1`;
  await publishAll(on, [changed(prefix, "a", 2)]);
  await until("the next one is handled", () => handled.length === 2);
  t.same(handled, [1n, 2n], "and it is not blamed for it");
});

t.test("pruneInbox() removes old notes of its group", async (t) => {
  const database = await testDatabase(t);
  const inbox = openInbox({ database, name: "g/s", idleMs: 60_000 });
  await inbox.take(0);
  await inbox.handle(0, ["old", "older"], () => {});
  await database.sql`update inbox set handled_at = handled_at - interval '8 days'`;
  await inbox.handle(0, ["new"], () => {});
  const { signal } = new AbortController();
  await pruneInbox(database, { name: "g/s", retentionMs: 7 * 86_400_000, signal, logger });
  const rows = await database.sql<{ message_id: string }[]>`select message_id from inbox`;
  t.same(rows, [{ message_id: "new" }]);
});

t.test("runSubscription() refuses an inbox without a database", async (t) => {
  const on = await testBroker(t);
  const subscription = subscribe(topicMethod, { group: "g", inbox: true, handler: () => sleep(0) });
  const { signal } = new AbortController();
  await t.rejects(runSubscription({ subscription, broker: on, logger, signal }), {
    code: "SAMSPEL_INVALID_CONFIGURATION",
    message: /has an inbox and needs Postgres: set DATABASE_URL/,
  });
});
