// Postgres that is restarted and killed below journal, publication, projection and inbox (T1, T4).
import t from "tap";
import { startOwnPostgres } from "../entity/ground/own-postgres.ts";
import { startPipeline } from "./ground/pipeline.ts";
import { settle } from "./ground/settle.ts";
import { startWriter } from "./ground/writer.ts";

t.test("nothing is lost or doubled though Postgres is killed and restarted", async (t) => {
  const postgres = await startOwnPostgres(t);
  const pipeline = await startPipeline(t, { databaseUrl: postgres.url });
  const writer = await startWriter(t, pipeline, 800);
  for (const strike of ["crash", "shutdown", "crash", "shutdown"]) {
    await writer.more(1_000);
    if (strike === "crash") await postgres.kill();
    await postgres.restart();
  }
  await settle(t, pipeline, writer);
});
