// NATS that is killed, cut for longer than its duplicate window, and loses what is on its way (T1, T2).
import { connect, nanos, RetentionPolicy, StorageType } from "nats";
import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { startNatsServer } from "../../support/nats-server.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { natsUrl } from "../../support/environment.ts";
import { startPipeline } from "./ground/pipeline.ts";
import { settle } from "./ground/settle.ts";
import { startWriter } from "./ground/writer.ts";

t.test("nothing is lost or doubled though NATS is killed again and again", async (t) => {
  const nats = await startNatsServer(t);
  const pipeline = await startPipeline(t, { natsUrl: nats.url });
  const writer = await startWriter(t, pipeline, 800);
  for (let round = 0; round < 5; round++) {
    await writer.more(700);
    await nats.kill();
    await writer.more(300);
    await nats.start();
  }
  await settle(t, pipeline, writer);
});

t.test("nothing is doubled in effect though NATS is away for longer than its duplicate window", async (t) => {
  const nats = await startNatsServer(t);
  const windowMs = 500;
  const connection = await connect({ servers: nats.url });
  const manager = await connection.jetstreamManager();
  await manager.streams.add({
    name: "fault-samspel_test_v1_CounterTopics_Changed",
    subjects: ["fault-topic.samspel.test.v1.CounterTopics.Changed.*"],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    duplicate_window: nanos(windowMs),
    metadata: { "samspel-partitions": "16" },
  });
  await connection.close();
  const proxy = await startTcpProxy(t, nats.url);
  const pipeline = await startPipeline(t, { natsUrl: nats.url, source: { natsUrl: proxy.url } });
  const writer = await startWriter(t, pipeline, 800);
  for (let round = 0; round < 4; round++) {
    await writer.more(800);
    // What is on its way arrives, and its acks do not.
    proxy.freeze();
    await writer.more(100);
    await proxy.cut();
    await sleep(2 * windowMs);
    await proxy.restore();
  }
  await settle(t, pipeline, writer, { streamedTwice: true });
});

t.test("redelivery storms, as answers are lost, double nothing in effect", async (t) => {
  const proxy = await startTcpProxy(t, natsUrl());
  const pipeline = await startPipeline(t, { sink: { natsUrl: proxy.url } });
  const writer = await startWriter(t, pipeline, 800);
  for (let round = 0; round < 12; round++) {
    await writer.more(300);
    proxy.freeze();
    await sleep(50 * Math.random());
    await proxy.cut();
    await proxy.restore();
  }
  await settle(t, pipeline, writer);
});
