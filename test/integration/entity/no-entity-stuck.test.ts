// Nothing that one command does may keep an entity from its next ones.
import { create } from "@bufbuild/protobuf";
import t, { type Test } from "tap";
import {
  createEntityHost,
  type CommandContext,
  type EntityHost,
} from "../../../ts-runtime/src/entity/index.ts";
import { createJournal } from "../../../ts-runtime/src/journal/index.ts";
import { migrate, openDatabase } from "../../../ts-runtime/src/postgres/index.ts";
import { createLogger } from "../../../ts-runtime/src/telemetry/index.ts";
import { IncrementRequestSchema } from "../../gen/samspel/test/v1/counter_pb.ts";
import { defineCounter, type CounterOptions } from "../../support/counter.ts";
import { databaseUrl } from "../../support/environment.ts";
import { testSchema } from "../../support/isolation.ts";

const logger = createLogger({ service: "test", level: "silent" });

async function startHost(t: Test, options: CounterOptions): Promise<EntityHost> {
  const database = await openDatabase({ url: databaseUrl(), schema: testSchema(t), logger });
  await migrate(database);
  const journal = createJournal({ database });
  const host = createEntityHost({ entity: defineCounter(options), journal, logger });
  t.teardown(async () => {
    host[Symbol.dispose]();
    await journal.close();
    await database.close();
  });
  return host;
}

async function increment(
  host: EntityHost,
  amount: bigint,
  context: Partial<CommandContext> = {},
): Promise<bigint> {
  const reply = await host.ask({
    command: "increment",
    entityId: "a",
    request: create(IncrementRequestSchema, { counterId: "a", amount }),
    commandId: undefined,
    client: () => {
      throw new Error("a counter calls nobody");
    },
    signal: AbortSignal.timeout(10_000),
    requestHeader: new Headers(),
    ...context,
  });
  return (reply as typeof reply & { readonly value: bigint }).value;
}

t.test("a handler that never returns frees its entity at the deadline of its command", async (t) => {
  const entered = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  let runs = 0;
  const host = await startHost(t, {
    onIncrement() {
      runs += 1;
      if (runs > 1) return;
      entered.resolve();
      return release.promise;
    },
  });
  const caller = new AbortController();
  const hanging = increment(host, 1n, { signal: caller.signal });
  const next = increment(host, 2n);
  await entered.promise;
  caller.abort();
  await t.rejects(hanging, { code: "SAMSPEL_DEADLINE_EXCEEDED" });
  t.equal(await next, 2n, "the next command runs");
  release.resolve();
  t.equal(await increment(host, 3n), 5n, "what the late one decided is dropped");
});

t.test("a state that does not encode costs its snapshot, and not the command", async (t) => {
  const host = await startHost(t, { snapshotEvery: 1 });
  const most = 2n ** 63n - 1n;
  await increment(host, most);
  t.equal(await increment(host, 1n), most + 1n);
});

t.test(
  "a command that is sent again gets its first reply even where its handler fails now (H3)",
  async (t) => {
    let broken = false;
    const host = await startHost(t, {
      onIncrement() {
        if (broken) throw new TypeError("of another version");
      },
    });
    t.equal(await increment(host, 2n, { commandId: "one" }), 2n);
    broken = true;
    t.equal(await increment(host, 2n, { commandId: "one" }), 2n);
    await t.rejects(increment(host, 2n, { commandId: "two" }), { message: "of another version" });
  },
);
