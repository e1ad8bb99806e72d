import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { openDatabase } from "../../../ts-runtime/src/postgres/index.ts";
import { databaseUrl } from "../../support/environment.ts";
import { testSchema } from "../../support/isolation.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/until.ts";

t.test("a query that is sent while its connection breaks is refused, never forgotten", async (t) => {
  const proxy = await startTcpProxy(t, databaseUrl());
  await using database = await openDatabase({
    url: proxy.url,
    schema: testSchema(t),
    logger: silentLogger,
    maxConnections: 2,
  });
  const { sql } = database;
  const ask = (): Promise<string> =>
    sql`select 1`.then(
      () => "answered",
      () => "refused",
    );
  for (let round = 1; round <= 20; round++) {
    await Promise.all([ask(), ask()]);
    await proxy.cut();
    const asked = Promise.all([ask(), ask(), ask()]);
    const outcome = await Promise.race([asked, sleep(5_000, "forgotten", { ref: false })]);
    t.not(outcome, "forgotten", `round ${round}`);
    await proxy.restore();
    await until("the database answers again", async () => (await ask()) === "answered");
  }
});
