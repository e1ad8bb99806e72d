// Messages consumed per second, beside the client library's own pull consumer with acks, and through an inbox beside the
// bare transactions, in interleaved rounds of one run. The ratio is what counts; the figures depend on the machine.
//   npm run bench -- --long consume
import { fromBinary } from "@bufbuild/protobuf";
import { AckPolicy, DeliverPolicy } from "nats";
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { createLogger } from "../ts-runtime/src/telemetry/index.ts";
import {
  migrate,
  openDatabase,
  transact,
  type Database,
  type Sql,
  type TransactionSql,
} from "../ts-runtime/src/postgres/index.ts";
import {
  ensureStream,
  openBroker,
  runSubscription,
  streamName,
  subscribe,
  type Broker,
} from "../ts-runtime/src/topic/index.ts";
import { CounterChangedSchema, CounterTopics } from "../test/gen/samspel/test/v1/counter_pb.ts";
import { changed, counterTopic, publishAll } from "../test/support/counter-topic.ts";
import { median } from "./median.ts";

const logger = createLogger({ service: "bench", level: "error" });
const keys = 500;

const batchSize = 100;

interface Bench {
  readonly broker: Broker;
  readonly database: Database;
  readonly messages: number;
}

async function fill({ broker, messages }: Bench): Promise<void> {
  const page = 10_000;
  for (let at = 0; at < messages; at += page) {
    const some = Array.from({ length: Math.min(page, messages - at) }, (_, index) =>
      changed(broker.prefix, `counter-${(at + index) % keys}`, Math.floor((at + index) / keys) + 1),
    );
    await publishAll(broker, some);
  }
}

/** Counts to the number of messages, and gives messages per second from the first one on. */
function counter(messages: number): { readonly count: () => void; readonly rate: Promise<number> } {
  const { promise, resolve } = Promise.withResolvers<number>();
  let counted = 0;
  let startedAtMs = 0;
  const count = (): void => {
    if (counted++ === 0) startedAtMs = performance.now();
    if (counted === messages) resolve(Math.round((messages * 1_000) / (performance.now() - startedAtMs)));
  };
  return { count, rate: promise };
}

async function consumed({ broker, messages }: Bench, isAsync: boolean): Promise<number> {
  const { count, rate } = counter(messages);
  const stop = new AbortController();
  const subscription = subscribe(CounterTopics.method.changed, {
    group: `bench-${randomUUID()}`,
    handler: isAsync ? async () => count() : count,
  });
  const running = runSubscription({ subscription, broker, logger, signal: stop.signal });
  const result = await rate;
  stop.abort();
  await running;
  return result;
}

/** The same with the library: explicit acks, a callback, and the message decoded. */
async function byLibrary({ broker, messages }: Bench): Promise<number> {
  const { count, rate } = counter(messages);
  const stream = streamName(broker.prefix, counterTopic);
  const { name } = await broker.manager.consumers.add(stream, {
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    max_ack_pending: 10_000,
    mem_storage: true,
  });
  const consumer = await broker.connection.jetstream().consumers.get(stream, name);
  const reading = await consumer.consume({
    max_messages: 1_024,
    callback: (message) => {
      fromBinary(CounterChangedSchema, message.data);
      message.ack();
      count();
    },
  });
  const result = await rate;
  await reading.close();
  await broker.manager.consumers.delete(stream, name);
  return result;
}

async function sumUp(sql: Sql | TransactionSql, rows: readonly (readonly [string, bigint])[]): Promise<void> {
  const sums = new Map<string, bigint>();
  for (const [id, delta] of rows) sums.set(id, (sums.get(id) ?? 0n) + delta);
  const ids = [...sums.keys()].toSorted();
  await sql`
    insert into total select * from unnest(${ids}::text[], ${ids.map((id) => String(sums.get(id)))}::bigint[])
    on conflict (id) do update set value = total.value + excluded.value`;
}

/** Batches in the transaction of an inbox. */
async function throughInbox({ broker, database, messages }: Bench): Promise<number> {
  const { count, rate } = counter(messages);
  await database.sql`truncate total, inbox`;
  const stop = new AbortController();
  const subscription = subscribe(CounterTopics.method.changed, {
    group: `bench-${randomUUID()}`,
    inbox: true,
    maxBatch: batchSize,
    batch: async (batch, { sql }) => {
      await sumUp(
        sql,
        batch.map(({ message }) => [message.counterId, message.delta] as const),
      );
      for (const _ of batch) count();
    },
  });
  const running = runSubscription({ subscription, broker, database, logger, signal: stop.signal });
  const result = await rate;
  stop.abort();
  await running;
  return result;
}

/** The same sums from memory, one transaction after the other: no messages, no notes. */
async function bareBatches({ database, messages }: Bench): Promise<number> {
  await database.sql`truncate total`;
  const startedAtMs = performance.now();
  for (let at = 0; at < messages; at += batchSize) {
    const rows = Array.from(
      { length: batchSize },
      (_, index) => [`counter-${(at + index) % keys}`, 1n] as const,
    );
    await transact(database.sql, (sql) => sumUp(sql, rows));
  }
  return Math.round((messages * 1_000) / (performance.now() - startedAtMs));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      url: { type: "string", default: process.env["DATABASE_URL"] ?? "" },
      nats: { type: "string", default: process.env["NATS_URL"] ?? "" },
      messages: { type: "string", default: "200000" },
      rounds: { type: "string", default: "5" },
    },
  });
  const id = randomUUID().slice(0, 8);
  const prefix = `bench-${id}-`;
  const schema = `bench_${id}`;
  await using broker = await openBroker({ url: values.nats, prefix, name: "bench", logger });
  await using database = await openDatabase({ url: values.url, schema, logger });
  await migrate(database);
  await database.sql`create table total (id text primary key, value bigint not null)`;
  const bench: Bench = { broker, database, messages: Number(values.messages) };
  await ensureStream(broker, counterTopic);
  try {
    await fill(bench);
    await compare(bench, Number(values.rounds));
  } finally {
    for (const name of [streamName(prefix, counterTopic), `KV_${prefix}consumers`]) {
      await broker.manager.streams.delete(name).catch(() => {});
    }
    await database.sql.unsafe(`drop schema "${schema}" cascade`);
  }
}

/** Each with what it is compared with, by its place in the list. */
async function compare(bench: Bench, rounds: number): Promise<void> {
  const contenders: ReadonlyArray<readonly [name: string, run: () => Promise<number>, beside: number]> = [
    ["a handler", () => consumed(bench, false), 2],
    ["an async handler", () => consumed(bench, true), 2],
    ["  the library with acks", () => byLibrary(bench), 2],
    [`an inbox, batches of ${batchSize}`, () => throughInbox(bench), 4],
    ["  the bare transactions", () => bareBatches(bench), 4],
  ];
  const figures = contenders.map(() => [] as number[]);
  for (let round = 0; round < rounds; round++) {
    for (const [index, [, run]] of contenders.entries()) figures[index]?.push(await run());
  }
  const medians = figures.map(median);
  for (const [index, [name, , beside]] of contenders.entries()) {
    const perSecond = medians[index] ?? 0;
    const ratio = (perSecond / (medians[beside] ?? 1)).toFixed(2);
    console.log(`${name.padEnd(30)}${String(perSecond).padStart(9)}/s${ratio.padStart(8)}`);
  }
}

await main();
