// Messages published per second: from a journal, beside the obvious loop, and by a service's own code, beside the
// library's publish with as many callers. In interleaved rounds of one run; then the ratio, and this process's CPU time
// for each message. The ratios are what counts; the figures depend on the machine.
//   npm run bench -- --long topics
import { create, toBinary } from "@bufbuild/protobuf";
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { createCluster, type Cluster } from "../ts-runtime/src/cluster/index.ts";
import { createJournal, startPosition, type Journal } from "../ts-runtime/src/journal/index.ts";
import { migrate, openDatabase, type Database } from "../ts-runtime/src/postgres/index.ts";
import { createTopicSenders } from "../ts-runtime/src/outbox/index.ts";
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
const loopEvents = 5_000;

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
  const { events } = await journal.read({ after: startPosition, limit: loopEvents });
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

const callerCounts = [256, 1_024] as const;

/** So many callers, each waits for its ack. */
async function byCallers(
  count: number,
  callers: number,
  publishOne: (n: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const startedAtMs = performance.now();
  const call = async (): Promise<void> => {
    while (next < count) await publishOne(next++);
  };
  await Promise.all(Array.from({ length: callers }, call));
  return Math.round((count * 1_000) / (performance.now() - startedAtMs));
}

async function sentByTopic(bench: Bench, callers: number): Promise<number> {
  await emptyTopic(bench);
  using senders = createTopicSenders({
    service: "bench",
    topics: new Set([publication.topic.name]),
    broker: () => bench.broker,
  });
  const sender = senders.topic(CounterTopics.method.changed);
  return await byCallers(bench.events, callers, (n) =>
    sender.publish(
      { counterId: `counter-${n % 5_000}`, value: BigInt(n), delta: 1n },
      { id: `counter/${n % 5_000}/${n}` },
    ),
  );
}

/** What one would write without us: the library's publish, each waiting for its own ack. */
async function sentByLibrary(bench: Bench, callers: number): Promise<number> {
  await emptyTopic(bench);
  const jetStream = bench.broker.connection.jetstream();
  const subject = `${bench.broker.prefix}topic.${publication.topic.name}`;
  return byCallers(bench.events, callers, (n) => {
    const body = create(CounterChangedSchema, {
      counterId: `counter-${n % 5_000}`,
      value: BigInt(n),
      delta: 1n,
    });
    return jetStream.publish(`${subject}.${n % 16}`, toBinary(CounterChangedSchema, body), {
      msgID: `counter/${n % 5_000}/${n}`,
    });
  });
}

interface Contender {
  readonly name: string;
  readonly run: () => Promise<number>;
  /** The place of what it is compared with. */
  readonly beside: number;
}

async function compare(bench: Bench, rounds: number): Promise<void> {
  const contenders: readonly Contender[] = [
    { name: "published", run: () => published(bench), beside: 1 },
    { name: "  by a loop", run: () => publishedByLoop(bench), beside: 1 },
    ...callerCounts.flatMap((callers, index) => [
      {
        name: `topic.publish, ${callers} callers`,
        run: () => sentByTopic(bench, callers),
        beside: 3 + 2 * index,
      },
      { name: "  by js.publish", run: () => sentByLibrary(bench, callers), beside: 3 + 2 * index },
    ]),
  ];
  const figures = contenders.map(() => [] as number[]);
  const cpu = contenders.map(() => [] as number[]);
  for (let round = 0; round < rounds; round++) {
    for (const [index, { run, name }] of contenders.entries()) {
      const before = process.cpuUsage();
      figures[index]?.push(await run());
      const { user, system } = process.cpuUsage(before);
      cpu[index]?.push((user + system) / (name === "  by a loop" ? loopEvents : bench.events));
    }
  }
  const medians = figures.map(median);
  for (const [index, { name, beside }] of contenders.entries()) {
    const perSecond = medians[index] ?? 0;
    const ratio = (perSecond / (medians[beside] ?? 1)).toFixed(2).padStart(8);
    const spent = `${median(cpu[index] ?? []).toFixed(1)} µs`.padStart(12);
    console.log(`${name.padEnd(30)}${String(perSecond).padStart(9)}/s${ratio}${spent}`);
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
