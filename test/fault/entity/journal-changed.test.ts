// The journal is not what this process believes: events are gone, are of another version, do not fit, or all of it is
// gone. Nothing is overwritten and nothing is made up; what is not concerned goes on.
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { errorDetail } from "@samspel/runtime";
import postgres from "postgres";
import t from "tap";
import { CartService } from "../../../examples/shopping-cart/gen/cart/v1/cart_api_pb.ts";
import { CartEventSchema, CartSchema } from "../../../examples/shopping-cart/gen/cart/v1/cart_entity_pb.ts";
import { defineEntity, persist } from "../../../ts-runtime/src/entity/index.ts";
import { CounterEventSchema, CounterService } from "../../gen/samspel/test/v1/counter_pb.ts";
import { defineCounter } from "../../support/counter.ts";
import { databaseUrl } from "../../support/environment.ts";
import { testSchema } from "../../support/isolation.ts";
import { until } from "../../support/until.ts";
import { startCounterService } from "./ground/counter-service.ts";
import { contextOf, increment, openHost, valueOf } from "./ground/local-host.ts";
import { startOwnPostgres } from "./ground/own-postgres.ts";
import { readJournalRows } from "./ground/journal-rows.ts";

t.test("events that a failover has lost leave no gap: the next append stands on what is there", async (t) => {
  const server = await startOwnPostgres(t);
  const place = { url: server.url, schema: "counter" };
  const local = await openHost(t, { entity: defineCounter({ snapshotEvery: 4 }), ...place });
  for (let amount = 1n; amount <= 10n; amount++)
    await increment(local, { amount }, { commandId: `c${amount}` });
  t.equal(await valueOf(local), 55n);
  // As a replica has it that was behind when it took over: of a transaction it has all or nothing.
  const { sql } = local.database;
  await sql`delete from event where revision > 6`;
  await sql`delete from command where revision > 6`;
  await sql`delete from snapshot where revision > 6`;
  await server.restart();
  t.equal(await increment(local, { amount: 100n }, { commandId: "next" }), 121n, "21 is the sum of six");
  t.equal(await valueOf(local), 121n);
  t.equal(await increment(local, { amount: 9n }, { commandId: "c9" }), 130n, "what was lost can be repeated");
  t.equal(await increment(local, { amount: 3n }, { commandId: "c3" }), 6n, "what was not lost is not");
  const rows = await readJournalRows(place);
  t.same(
    rows.events.get("a")?.map(({ revision, amount }) => `${revision}:${amount}`),
    ["1:1", "2:2", "3:3", "4:4", "5:5", "6:6", "7:100", "8:9"],
  );
});

t.test("a snapshot ahead of the events, as no replica has it, is not built upon", async (t) => {
  const server = await startOwnPostgres(t);
  const place = { url: server.url, schema: "counter" };
  const local = await openHost(t, { entity: defineCounter({ snapshotEvery: 4 }), ...place });
  for (let amount = 1n; amount <= 8n; amount++) await increment(local, { amount });
  await local.database.sql`delete from event where revision > 6`;
  await server.restart();
  const corrupt = { code: "SAMSPEL_JOURNAL_CORRUPT", message: /counter "a".* snapshot is of revision 8/ };
  await t.rejects(increment(local, { amount: 100n }), corrupt);
  await t.rejects(valueOf(local), corrupt);
  t.equal((await readJournalRows(place)).events.get("a")?.length, 6, "nothing is written behind a gap");
});

t.test("an event that this version does not know stops its entity, and no other one", async (t) => {
  const place = { url: databaseUrl(), schema: testSchema(t) };
  const [instance] = await startCounterService(t, {
    databaseUrl: place.url,
    schema: place.schema,
    instances: 1,
  });
  const client = createClient(CounterService, createGrpcTransport({ baseUrl: instance?.url ?? "" }));
  await client.increment({ counterId: "b", amount: 1n });
  const sql = postgres(place.url, { max: 1, connection: { search_path: `"${place.schema}"` } });
  t.teardown(() => sql.end());
  const known = toBinary(
    CounterEventSchema,
    create(CounterEventSchema, { event: { case: "incremented", value: { amount: 1n } } }),
  );
  for (const [revision, payload] of [known, Uint8Array.of(0x7a, 0x00), known].entries()) {
    await sql`insert into event (entity_type, entity_id, revision, slice, append_id, payload)
      values ('counter', 'a', ${revision + 1}, 1, gen_random_uuid(), ${Buffer.from(payload)})`;
  }
  for (const call of [
    () => client.increment({ counterId: "a", amount: 1n }),
    () => client.getCounter({ counterId: "a" }),
    () => client.reset({ counterId: "a" }),
  ]) {
    const error: unknown = await call().catch((error: unknown) => error);
    t.match(error, { code: Code.DataLoss, message: /counter/ });
    t.match(error, { message: /"a"/ }, "it names the entity");
    t.match(error, { message: /revision 2\b/ }, "it names the revision");
    t.match(errorDetail(error), { code: "SAMSPEL_EVENT_UNKNOWN", retryable: false });
  }
  t.equal((await client.increment({ counterId: "b", amount: 1n })).value, 2n, "another entity goes on");
  const [{ count = 0 } = {}] = await sql`select count(*)::int as count from event where entity_id = 'a'`;
  t.equal(count, 3, "nothing was added, nothing overwritten");
});

t.test(
  "an event of 10 MB is refused with the limit, nothing of it is written, and its entity goes on",
  async (t) => {
    const megabytes = new Map([
      ["small", 0],
      ["large", 10],
    ]);
    const entity = defineEntity(
      CartService,
      { name: "cart", state: CartSchema, event: CartEventSchema, snapshotEvery: 1 },
      {
        commands: {
          addItem: (_, { sku }) =>
            persist({
              case: "itemAdded",
              value: { sku: sku.padEnd((megabytes.get(sku) ?? 0) * 1_024 * 1_024, "x"), quantity: 1 },
            }).reply(() => ({})),
          removeItem: () => ({}),
          checkout: () => ({}),
          getCart: (cart) => ({ items: cart.items }),
        },
        events: {
          itemAdded: (cart, { sku, quantity }) => ({ ...cart, items: { ...cart.items, [sku]: quantity } }),
          itemRemoved: (cart) => cart,
          checkedOut: (cart) => cart,
        },
      },
    );
    const { host, database } = await openHost(t, { entity, schema: testSchema(t) });
    const add = (sku: string, commandId: string): Promise<unknown> =>
      host.ask({
        command: "addItem",
        entityId: "1",
        request: create(CartService.method.addItem.input, { cartId: "1", sku }),
        ...contextOf({ commandId }),
      });
    await add("small", "one");
    await t.rejects(add("large", "two"), {
      code: "SAMSPEL_EVENT_TOO_LARGE",
      grpc: Code.ResourceExhausted,
      retryable: false,
      message: /1[,_.]?048[,_.]?576|1 MiB/,
    });
    const rows = (): Promise<unknown> =>
      database.sql`select (select count(*)::int from event) as events, (select count(*)::int from command) as commands,
      (select max(revision)::int from snapshot) as snapshot`.then((rows) => rows[0]);
    t.same(await rows(), { events: 1, commands: 1, snapshot: 1 });
    await add("small", "three");
    t.same(await rows(), { events: 2, commands: 2, snapshot: 2 });
  },
);

t.test(
  "a schema that is dropped fails commands, ends nothing, and is made anew at the next start",
  async (t) => {
    const place = { url: databaseUrl(), schema: testSchema(t) };
    const [instance] = await startCounterService(t, {
      databaseUrl: place.url,
      schema: place.schema,
      instances: 1,
    });
    if (instance === undefined) throw new Error("No instance");
    const client = createClient(CounterService, createGrpcTransport({ baseUrl: instance.url }));
    await client.increment({ counterId: "a", amount: 1n });
    const sql = postgres(place.url, { max: 1, onnotice: () => {} });
    t.teardown(() => sql.end());
    // The service goes on with its tables meanwhile, so the drop may be the one that a deadlock ends.
    const dropped = (): Promise<boolean> =>
      sql`drop schema ${sql(place.schema)} cascade`.then(
        () => true,
        (error: unknown) => {
          if (error instanceof postgres.PostgresError && error.code === "40P01") return false;
          throw error;
        },
      );
    await until("the schema is dropped", dropped);
    for (const counterId of ["a", "new"])
      await t.rejects(client.increment({ counterId, amount: 1n }), { code: Code.Internal });
    await t.rejects(client.getCounter({ counterId: "a" }), { code: Code.Internal });
    t.equal(instance.process.state.type, "running");
    t.ok(
      instance.process.lastLines.some(({ text }) => text.includes('relation \\"event\\" does not exist')),
      "the log says why",
    );
    t.equal(await instance.stop(), "exited with 0");
    await instance.start();
    await until(
      "a new journal begins",
      async () => (await client.getCounter({ counterId: "a" })).value === 0n,
    );
    t.equal((await client.increment({ counterId: "a", amount: 5n })).value, 5n);
  },
);
