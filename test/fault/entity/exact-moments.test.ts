// Faults at the worst moment of a single command.
import { randomUUID } from "node:crypto";
import t from "tap";
import { defineCounter } from "../../support/counter.ts";
import { databaseUrl } from "../../support/environment.ts";
import { testSchema } from "../../support/isolation.ts";
import { startPostgresProxy } from "../../support/postgres-proxy.ts";
import { increment, openHost, valueOf } from "./ground/local-host.ts";
import { readJournalRows } from "./ground/journal-rows.ts";

t.test("a caller that leaves between commit and answer leaves an entity that counted", async (t) => {
  const schema = testSchema(t);
  const committed = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<"pass">();
  let held = false;
  const proxy = await startPostgresProxy(t, databaseUrl(), {
    marker: `${schema}.event`,
    fate() {
      if (!held) return "pass";
      committed.resolve();
      return goOn.promise;
    },
  });
  const local = await openHost(t, { entity: defineCounter(), schema, url: proxy.url });
  t.equal(await increment(local, { amount: 1n }), 1n);
  held = true;
  const caller = new AbortController();
  const commandId = randomUUID();
  const left = increment(local, { amount: 10n }, { signal: caller.signal, commandId });
  await committed.promise;
  caller.abort();
  const next = increment(local, { amount: 100n });
  held = false;
  goOn.resolve("pass");
  t.equal(await left.catch(() => 11n), 11n, "told, or told nothing");
  t.equal(await next, 111n, "the next command stands on what was committed");
  t.equal(await increment(local, { amount: 10n }, { commandId }), 11n, "a repetition gets the first answer");
  t.equal(await valueOf(local), 111n);
});

t.test(
  "a handler that goes on when its caller has left decides nothing, whether it returns or throws",
  async (t) => {
    for (const how of ["returns", "throws"] as const) {
      const entered = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      let runs = 0;
      const entity = defineCounter({
        async onIncrement() {
          if (runs++ > 0) return;
          entered.resolve();
          await goOn.promise;
          if (how === "throws") throw new Error("too late to matter");
        },
      });
      const local = await openHost(t, { entity, schema: testSchema(t) });
      const caller = new AbortController();
      const left = increment(local, { amount: 1n }, { signal: caller.signal, commandId: "left" });
      await entered.promise;
      caller.abort();
      await t.rejects(left, { code: "SAMSPEL_DEADLINE_EXCEEDED" });
      t.equal(await increment(local, { amount: 10n }), 10n, how);
      goOn.resolve();
      t.equal(await increment(local, { amount: 100n }), 110n, how);
      t.equal(await increment(local, { amount: 1n }, { commandId: "left" }), 111n, "its id was not used up");
    }
  },
);

t.test("an entity that leaves memory all the time loses and doubles nothing", async (t) => {
  const schema = testSchema(t);
  const local = await openHost(t, {
    entity: defineCounter({ snapshotEvery: 7 }),
    schema,
    passivateAfterMs: 0,
  });
  const ids = ["a", "b", "c", "d", "e"];
  let largest = 0;
  await Promise.all(
    ids.map(async (counterId) => {
      for (let count = 1n; count <= 60n; count++) {
        t.equal(await increment(local, { counterId }), count);
        largest = Math.max(largest, local.host.live);
      }
    }),
  );
  t.ok(largest <= ids.length);
  const rows = await readJournalRows({ url: databaseUrl(), schema });
  t.same(
    ids.map((id) => rows.events.get(id)?.length),
    ids.map(() => 60),
  );
});

t.test("a host that is full refuses what is new, writes nothing of it, and forgets nothing", async (t) => {
  const schema = testSchema(t);
  const goOn = Promise.withResolvers<void>();
  let slow = true;
  const entity = defineCounter({ onIncrement: () => (slow ? goOn.promise : undefined) });
  const local = await openHost(t, { entity, schema, maxLive: 3 });
  const busy = ["a", "b", "c"].map((counterId) => increment(local, { counterId }));
  await t.rejects(increment(local, { counterId: "d" }), {
    code: "SAMSPEL_OVERLOADED",
    message: /All 3 live entities/,
  });
  const behind = increment(local, { counterId: "a" });
  slow = false;
  goOn.resolve();
  t.same(await Promise.all(busy), [1n, 1n, 1n]);
  t.equal(await behind, 2n);
  for (let round = 1n; round <= 20n; round++) {
    for (const counterId of ["d", "e", "f", "g", "h"]) t.equal(await increment(local, { counterId }), round);
    t.ok(local.host.live <= 3);
  }
  const rows = await readJournalRows({ url: databaseUrl(), schema });
  t.same(
    [...rows.events].map(([id, events]) => `${id} ${events.length}`).sort((a, b) => (a < b ? -1 : 1)),
    ["a 2", "b 1", "c 1", ...["d", "e", "f", "g", "h"].map((id) => `${id} 20`)],
  );
});
