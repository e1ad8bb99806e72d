// Events published per second from a journal, beside the obvious loop, in interleaved rounds of one run.
// The ratio is what counts; the figures depend on the machine.
//   npm run bench -- --long topics
import { create, toBinary } from "@bufbuild/protobuf";
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { createCluster, type Cluster } from "../ts-runtime/src/cluster/index.ts";
import { createJournal, startPosition, type Journal } from "../ts-runtime/src/journal/index.ts";
import { migrate, openDatabase, type Database } from "../ts-runtime/src/postgres/index.ts";
import { publish, runPublication } from "../ts-runtime/src/publication/index.ts";
import { createLogger } from "../ts-runtime/src/telemetry/index.ts";
import {
  ensureStream,
  openBroker,
  streamName,
  topicSubjects,
  type Broker,
} from "../ts-runtime/src/topic/index.ts";
import {
  CounterChangedSchema,
  CounterEventSchema,
  CounterTopics,
} from "../test/gen/samspel/test/v1/counter_pb.ts";
import { defineCounter } from "../test/support/counter.ts";
import { median } from "./median.ts";

const logger = createLogger({ service: "bench", level: "error" });
const counter = defineCounter();
const entities = 500;

interface Bench {
  readonly database: Database;
  readonly journal: Journal;
  readonly broker: Broker;
  readonly cluster: Cluster;
  readonly events: number;
}

const payload = toBinary(
  CounterEventSchema,
  create(CounterEventSchema, { event: { case: "incremented", value: { amount: 1n } } }),
);

async function fill({ journal, events }: Bench): Promise<void> {
  const each = events / entities;
  await Promise.all(
    Array.from({ length: entities }, async (_, entity) => {
      for (let at = 0n; at < each; at += 20n) {
        await journal.append({
          entityType: "counter",
          entityId: `counter-${entity}`,
          expectedRevision: at,
          events: Array.from({ length: Math.min(20, Number(BigInt(each) - at)) }, () => ({ payload })),
        });
      }
    }),
  );
}

const publication = publish(CounterTopics.method.changed, counter, {
  incremented: ({ amount }, { entityId, state }) => ({
    counterId: entityId,
    value: state.value,
    delta: amount,
  }),
});

/** Runs some work until `isDone`, and gives events per second. */
async function rate(
  events: number,
  work: (signal: AbortSignal) => Promise<void>,
  isDone: () => Promise<boolean>,
): Promise<number> {
  const stop = new AbortController();
  const startedAtMs = performance.now();
  const running = work(stop.signal);
  while (!(await isDone())) await new Promise((resolve) => setTimeout(resolve, 5));
  const tookMs = performance.now() - startedAtMs;
  stop.abort();
  await running;
  return Math.round((events * 1_000) / tookMs);
}

async function emptyTopic({ broker, database }: Bench): Promise<void> {
  await ensureStream(broker, publication.topic);
  await broker.manager.streams.delete(streamName(broker.prefix, publication.topic));
  await ensureStream(broker, publication.topic);
  await database.sql`delete from checkpoint`;
}

async function published(bench: Bench): Promise<number> {
  await emptyTopic(bench);
  const { broker, events } = bench;
  return rate(
    events,
    (signal) => runPublication({ ...bench, publication, service: "bench", logger, signal }),
    async () => (await storedMessages(broker)) >= events,
  );
}

/** Without the fences. */
async function storedMessages({ manager, prefix }: Broker): Promise<number> {
  const { state } = await manager.streams.info(streamName(prefix, publication.topic), {
    subjects_filter: topicSubjects(prefix, publication.topic),
  });
  return Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0);
}

/** One message, one ack; without states. */
async function publishedByLoop(bench: Bench): Promise<number> {
  await emptyTopic(bench);
  const { journal, broker } = bench;
  const jetStream = broker.connection.jetstream();
  const { events } = await journal.read({ after: startPosition, limit: 5_000 });
  const startedAtMs = performance.now();
  for (const { entityId, revision } of events) {
    const body = create(CounterChangedSchema, { counterId: entityId, value: revision, delta: 1n });
    await jetStream.publish(
      `${broker.prefix}topic.${publication.topic.name}.0`,
      toBinary(CounterChangedSchema, body),
      { msgID: `counter/${entityId}/${revision}` },
    );
  }
  return Math.round((events.length * 1_000) / (performance.now() - startedAtMs));
}

async function compare(bench: Bench, rounds: number): Promise<void> {
  const contenders: ReadonlyArray<readonly [string, () => Promise<number>]> = [
    ["published", () => published(bench)],
    ["  by a loop", () => publishedByLoop(bench)],
  ];
  const figures = contenders.map(() => [] as number[]);
  for (let round = 0; round < rounds; round++) {
    for (const [index, [, run]] of contenders.entries()) figures[index]?.push(await run());
  }
  const medians = figures.map(median);
  const loop = medians[1] ?? 1;
  for (const [index, [name]] of contenders.entries()) {
    const perSecond = medians[index] ?? 0;
    console.log(
      `${name.padEnd(30)}${String(perSecond).padStart(9)}/s${(perSecond / loop).toFixed(2).padStart(8)}`,
    );
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      url: { type: "string", default: process.env["DATABASE_URL"] ?? "" },
      nats: { type: "string", default: process.env["NATS_URL"] ?? "" },
      events: { type: "string", default: "50000" },
      rounds: { type: "string", default: "3" },
    },
  });
  const id = randomUUID().slice(0, 8);
  await using broker = await openBroker({ url: values.nats, prefix: `bench-${id}-`, name: "bench", logger });
  const schema = `bench_${id}`;
  const database = await openDatabase({ url: values.url, schema, logger });
  try {
    await migrate(database);
    await using journal = createJournal({ database });
    await using cluster = createCluster({ database, instance: "bench", logger });
    const bench: Bench = { database, journal, broker, cluster, events: Number(values.events) };
    await fill(bench);
    await compare(bench, Number(values.rounds));
  } finally {
    await broker.manager.streams.delete(streamName(broker.prefix, publication.topic)).catch(() => {});
    await database.sql.unsafe(`drop schema "${schema}" cascade`);
    await database.close();
  }
}

await main();
