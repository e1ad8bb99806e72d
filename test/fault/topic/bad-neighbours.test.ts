// Poison among good messages, a slow consumer, and a stream that is full (T1, T2).
import { connect, DiscardPolicy, RetentionPolicy, StorageType } from "nats";
import t from "tap";
import { startNatsServer } from "../../support/nats-server.ts";
import { until } from "../../support/until.ts";
import { startPipeline, type Pipeline } from "./ground/pipeline.ts";
import { countOf, settle } from "./ground/settle.ts";
import { startWriter } from "./ground/writer.ts";

/** Of messages that a process has asked for and not done. */
const window = 1_024;

t.test("poison is parked, and all that is good comes", async (t) => {
  const poison = ["counter-3/5", "counter-3/6", "counter-40/1", "counter-99/70"];
  const pipeline = await startPipeline(t, { sink: { env: { POISON: poison.join(",") } } });
  const writer = await startWriter(t, pipeline, 2_000);
  await settle(t, pipeline, writer, { notNoted: new Set(poison) });
  const connection = await connect({ servers: pipeline.natsUrl });
  t.teardown(() => connection.close());
  const manager = await connection.jetstreamManager();
  await until(
    "each poisonous one is a dead letter",
    async () =>
      (await manager.streams.info(`${pipeline.prefix}dead_letters`)).state.messages === poison.length,
    60_000,
  );
});

t.test("a slow consumer falls behind, takes no more than it can hold, and gets all", async (t) => {
  const pipeline = await startPipeline(t, { sink: { env: { SLOW_MS: "20" } } });
  const writer = await startWriter(t, pipeline, 10_000);
  await writer.more(8_000);
  const noted = await countOf(pipeline, pipeline.schemas.sink, "noted");
  t.ok(noted < 8_000, "it falls behind");
  const held = (await delivered(pipeline)) - noted;
  t.ok(held < 2 * window + 500, `two sinks hold ${held} messages`);
  await settle(t, pipeline, writer, { catchUpMs: 240_000 });
});

t.test("a full stream is waited for, reported, and nothing is lost", async (t) => {
  const nats = await startNatsServer(t);
  const connection = await connect({ servers: nats.url });
  t.teardown(() => connection.close());
  const manager = await connection.jetstreamManager();
  const name = "fault-samspel_test_v1_CounterTopics_Changed";
  await manager.streams.add({
    name,
    subjects: ["fault-topic.samspel.test.v1.CounterTopics.Changed.*"],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    max_msgs: 5_000,
    metadata: { "samspel-partitions": "16" },
  });
  const pipeline = await startPipeline(t, { natsUrl: nats.url });
  const reports: string[] = [];
  for (const { process } of pipeline.sources) {
    process.onLine(({ text }) => {
      if (/maximum messages/.test(text)) reports.push(text);
    });
  }
  const writer = await startWriter(t, pipeline, 2_000);
  await writer.more(8_000);
  await until(
    "it is reported as an error",
    () => reports.some((line) => line.includes('"level":50')),
    90_000,
  );
  const { config } = await manager.streams.info(name);
  await manager.streams.update(name, { ...config, max_msgs: -1 });
  await settle(t, pipeline, writer);
});

/** How many messages the sinks' consumers were given. */
async function delivered({ natsUrl, prefix }: Pipeline): Promise<number> {
  const connection = await connect({ servers: natsUrl });
  try {
    const manager = await connection.jetstreamManager();
    const stream = `${prefix}samspel_test_v1_CounterTopics_Changed`;
    const { state } = await manager.streams.info(stream);
    let pending = 0;
    for await (const consumer of manager.consumers.list(stream)) pending += consumer.num_pending;
    return state.messages - pending;
  } finally {
    await connection.close();
  }
}
