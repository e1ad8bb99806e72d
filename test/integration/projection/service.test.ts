// A service with a projection in another database: its queries wait for it, read it, and follow it.
import t from "tap";
import { afterPosition, drainingSignal, project, readPosition, serve } from "@samspel/runtime";
import { startTestService } from "@samspel/runtime/testing";
import { CounterChangedSchema, CounterService } from "../../gen/samspel/test/v1/counter_pb.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { defineCounter } from "../../support/counter.ts";
import { databaseUrl } from "../../support/environment.ts";
import { testSchema } from "../../support/isolation.ts";

t.setTimeout(60_000);

t.test("queries of a service wait for, read and follow a projection in another database", async (t) => {
  const counter = defineCounter();
  const schema = testSchema(t);
  const latest = project("latest", counter, {
    database: { url: databaseUrl(), schema },
    changes: CounterChangedSchema,
    setup: (sql) => sql`create table latest (id text primary key, value bigint not null)`,
    events: {
      async incremented({ amount: delta }, { sql, entityId: counterId, change }) {
        const [row] = await sql<{ value: bigint }[]>`
          insert into latest values (${counterId}, ${delta})
          on conflict (id) do update set value = latest.value + excluded.value returning value`;
        change({ counterId, value: row?.value ?? 0n, delta });
      },
    },
  });
  const queries = serve(EchoService, ({ sqlOf, caughtUp, historyThenLive }) => ({
    async echo({ text }, context) {
      await caughtUp(latest, { after: context });
      const [row] = await sqlOf(latest)<{ value: bigint }[]>`select value from latest where id = ${text}`;
      return { text: String(row?.value ?? 0n) };
    },
    async *echoMany(_, context) {
      const rows = historyThenLive(latest, {
        history: (sql) =>
          sql<{ counterId: string; value: bigint }[]>`select id as "counterId", value from latest`,
        signal: drainingSignal(context),
      });
      for await (const { counterId, value } of rows) yield { text: `${counterId}=${value}` };
    },
    echoOnce: ({ text }) => ({ text }),
    echoJoined: async () => ({}),
    async *echoEach() {
      yield { text: "" };
    },
  }));
  await using service = await startTestService({
    entities: [counter],
    projections: [latest],
    services: [queries],
  });
  const counters = service.client(CounterService);
  const query = service.client(EchoService);
  let position: string | undefined;
  const note = { onHeader: (headers: Headers): void => void (position = readPosition(headers)) };
  await counters.increment({ counterId: "a", amount: 1n }, note);
  t.equal((await query.echo({ text: "a" }, afterPosition(position))).text, "1");
  t.same(
    await service.sql`select from pg_tables where schemaname = ${service.schema} and tablename = 'latest'`,
    [],
  );

  const seen: string[] = [];
  for await (const { text } of query.echoMany({})) {
    seen.push(text);
    if (text === "a=1") await counters.increment({ counterId: "a", amount: 2n });
    if (text === "a=3") await counters.increment({ counterId: "b", amount: 5n });
    if (text === "b=5") break;
  }
  t.same(seen, ["a=1", "a=3", "b=5"]);
  await service.restart();
  await counters.increment({ counterId: "b", amount: 1n }, note);
  t.equal((await query.echo({ text: "b" }, afterPosition(position))).text, "6");
});
