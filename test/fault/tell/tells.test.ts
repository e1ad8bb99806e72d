// Tells on their way from a client to orders, and from these, with their events, to parcels, while everything that
// carries them dies and comes back (T5, J2, J3).
import { fromBinary } from "@bufbuild/protobuf";
import { createRegistry } from "@samspel/registry";
import { createClients } from "@samspel/runtime";
import { join } from "node:path";
import t, { type Test } from "tap";
import { OrderService, ParcelEventSchema } from "../../gen/samspel/test/v1/parcel_pb.ts";
import { consulUrl, databaseUrl } from "../../support/environment.ts";
import { testSchema } from "../../support/isolation.ts";
import { startNatsServer } from "../../support/nats-server.ts";
import { startInstances, type ServiceInstance } from "../../support/service-instance.ts";
import { until } from "../../support/until.ts";
import { audit, type Book } from "../topic/ground/books.ts";
import { query } from "../topic/ground/pipeline.ts";

const orders = 100;
const placings = 50;
/** 15,000 tells in all: 5,000 to orders, and two to a parcel for each of them. */
const itemsOfOrder = 2 * placings;

t.test("each tell counts once, in order, though services and NATS are killed on its way", async (t) => {
  const nats = await startNatsServer(t);
  const schemas = { order: testSchema(t), parcel: testSchema(t) };
  const start = (kind: "order" | "parcel"): Promise<readonly ServiceInstance[]> =>
    startInstances(t, 2, {
      main: join(import.meta.dirname, `fixtures/${kind}-main.ts`),
      env: {
        SERVICE_NAME: `${kind}-${process.pid}`,
        DATABASE_URL: databaseUrl(),
        NATS_URL: nats.url,
        SAMSPEL_SCHEMA: schemas[kind],
      },
    });
  const instances = [...(await start("order")), ...(await start("parcel"))];
  const told = startTelling(t, nats.url);
  for (let round = 0; round < 8; round++) {
    const goal = (round + 1) * 600;
    await until(`${goal} are told`, () => told.count >= goal, 120_000);
    const victim = instances[round % instances.length];
    await victim?.kill();
    if (round % 3 === 2) {
      await nats.kill();
      await nats.start();
    }
    await victim?.start();
  }
  await told.all;
  const expected = orders * itemsOfOrder;
  const count = (): Promise<number> =>
    query({ databaseUrl: databaseUrl() }, schemas.parcel, async (sql) => {
      const [row] = await sql<{ count: number }[]>`select count(*)::int as count from event`;
      return row?.count ?? 0;
    });
  await until(`${expected} items are packed`, async () => (await count()) >= expected, 120_000).catch(
    async (error: unknown) => {
      t.fail(`${String(error)}: ${await count()} are`);
      for (const { process } of instances)
        t.comment(`${process.name}:\n${process.lastLines.map(({ text }) => text.slice(0, 400)).join("\n")}`);
    },
  );
  const ids = Array.from({ length: orders }, (_, index) => `order-${index}`);
  const written = new Map(ids.map((id) => [id, itemsOfOrder]));
  t.same(audit("packed", await packed(schemas.parcel), written).slice(0, 10), []);
});

interface Telling {
  /** How many orders were told so far. */
  readonly count: number;
  readonly all: Promise<unknown>;
}

/** Tells each order its placings, one after the other; who gets no receipt tells again with the same key. */
function startTelling(t: Test, natsUrl: string): Telling {
  const registry = createRegistry({ url: consulUrl() });
  const clients = createClients({ registry, natsUrl });
  t.teardown(async () => {
    await clients.close();
    await registry.close();
  });
  const client = clients.client(OrderService);
  const progress = { count: 0 };
  const all = Promise.all(
    Array.from({ length: orders }, async (_, index) => {
      const orderId = `order-${index}`;
      for (let placing = 1; placing <= placings; placing++) {
        const items = [String(2 * placing - 1), String(2 * placing)];
        const idempotencyKey = `${orderId}/${placing}`;
        await until(
          `${idempotencyKey} is told`,
          () =>
            client.tell.place({ orderId, items }, { idempotencyKey, timeoutMs: 2_000 }).then(
              () => true,
              () => false,
            ),
          60_000,
        );
        progress.count++;
      }
    }),
  );
  all.catch(() => {});
  return {
    get count() {
      return progress.count;
    },
    all,
  };
}

/** What each parcel holds, in order, read past all code under test but the event's own message. */
function packed(schema: string): Promise<Book> {
  return query({ databaseUrl: databaseUrl() }, schema, async (sql) => {
    const rows = await sql<{ id: string; payload: Uint8Array }[]>`
      select entity_id as id, payload from event order by entity_id, revision`;
    const book = new Map<string, number[]>();
    for (const { id, payload } of rows) {
      const { event } = fromBinary(ParcelEventSchema, payload);
      const values = book.get(id) ?? [];
      book.set(id, values);
      values.push(event.case === "packed" ? Number(event.value.item) : Number.NaN);
    }
    return book;
  });
}
