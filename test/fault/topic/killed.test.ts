// Publishers, projectors and consumers that are killed again and again, and instances that come and go (T1, T2, T4, T6).
import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { startPipeline } from "./ground/pipeline.ts";
import { settle } from "./ground/settle.ts";
import { startWriter } from "./ground/writer.ts";

t.test("nothing is lost, doubled or out of order though instances are killed again and again", async (t) => {
  const pipeline = await startPipeline(t);
  const writer = await startWriter(t, pipeline, 800);
  for (let round = 0; round < 10; round++) {
    await writer.more(500);
    await sleep(200 * Math.random()); // anywhere in the course of the work
    const members = round % 2 === 0 ? pipeline.sources : pipeline.sinks;
    const victim = members[Math.floor(round / 2) % members.length];
    await victim?.kill();
    await victim?.start();
  }
  await settle(t, pipeline, writer);
});

t.test("nothing is lost, doubled or out of order though 1 instance becomes 4, and 4 become 2", async (t) => {
  const pipeline = await startPipeline(t, { source: { instances: 1 }, sink: { instances: 1 } });
  const writer = await startWriter(t, pipeline, 800);
  await writer.more(2_000);
  const sinks = await pipeline.startSinks(3);
  const sources = await pipeline.startSources(3);
  await writer.more(3_000);
  for (const leaver of [...sources.slice(0, 2), ...sinks.slice(0, 2)]) {
    t.equal(await leaver.stop(), "exited with 0");
    await writer.more(500);
  }
  await settle(t, pipeline, writer);
});
