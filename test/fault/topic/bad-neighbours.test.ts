// Poison among good messages, a slow consumer, and a stream that is full (T1, T2).
import { readFile } from "node:fs/promises";
import { connect, DiscardPolicy, RetentionPolicy, StorageType } from "nats";
import t from "tap";
import { startNatsServer } from "../../support/nats-server.ts";
import { until } from "../../support/until.ts";
import { startPipeline } from "./ground/pipeline.ts";
import { countOf, settle } from "./ground/settle.ts";
import { startWriter } from "./ground/writer.ts";

t.setTimeout(300_000);

t.test("poison is parked, and all that is good comes", async (t) => {
  const poison = ["counter-3/5", "counter-3/6", "counter-40/1", "counter-99/100"];
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
  const before = await residentMiB(pipeline.sinks.map((sink) => sink.process.pid));
  const writer = await startWriter(t, pipeline, 10_000);
  await writer.more(15_000);
  t.ok((await countOf(pipeline, pipeline.schemas.sink, "noted")) < 15_000, "it falls behind");
  await settle(t, pipeline, writer, { catchUpMs: 240_000 });
  const grown = (await residentMiB(pipeline.sinks.map((sink) => sink.process.pid))) - before;
  t.ok(grown < 200, `two sinks grew by ${Math.round(grown)} MiB`);
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

async function residentMiB(pids: readonly number[]): Promise<number> {
  const pages = await Promise.all(
    pids.map(async (pid) => Number((await readFile(`/proc/${pid}/statm`, "utf8")).split(" ")[1])),
  );
  return pages.reduce((sum, page) => sum + page, 0) / 256;
}
