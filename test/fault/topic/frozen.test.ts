// Holders of leases that are frozen until they are replaced, and wake up believing (T1, T2, T4).
import t from "tap";
import { until } from "../../support/until.ts";
import { startPipeline } from "./ground/pipeline.ts";
import { countOf, settle } from "./ground/settle.ts";
import { startWriter } from "./ground/writer.ts";

for (const kind of ["sources", "sinks"] as const) {
  t.test(`${kind} that were frozen and replaced change nothing when they wake up`, async (t) => {
    const pipeline = await startPipeline(t);
    const writer = await startWriter(t, pipeline, 600);
    for (const holder of pipeline[kind]) {
      await writer.more(1_000);
      holder.freeze();
      // The other one has taken over when all that was written by now has come.
      const written = writer.count;
      const [schema, table] =
        kind === "sources"
          ? ([pipeline.schemas.source, "projected"] as const)
          : ([pipeline.schemas.sink, "noted"] as const);
      await until(
        "the frozen one is replaced",
        async () => (await countOf(pipeline, schema, table)) >= written,
        90_000,
      );
      await writer.more(500);
      holder.thaw();
    }
    await settle(t, pipeline, writer);
  });
}
