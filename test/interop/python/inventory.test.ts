// A service in Python beside ours: called over gRPC, fed over JetStream, found in a real Consul.
import { Code, ConnectError, createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ErrorDetailSchema } from "@samspel/runtime/gen/samspel/v1/errors_pb.js";
import { Health } from "@samspel/runtime/gen/grpc/health/v1/health_pb.js";
import { ServerReflection } from "@samspel/runtime/gen/grpc/reflection/v1alpha/reflection_pb.js";
import postgres from "postgres";
import { startCollector } from "samspel";
import t from "tap";
import type { InventoryService } from "../../../examples/shopping-cart/gen/inventory/v1/inventory_api_pb.ts";
import { consulUrl, databaseUrl, natsUrl } from "../../support/environment.ts";
import { testSchema, testTopicPrefix } from "../../support/isolation.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/until.ts";
import {
  checkedOut,
  inventoryPython,
  openJetStream,
  publishCheckedOut,
  startInventory,
} from "./inventory-process.ts";

const python = await inventoryPython(t);

interface StockNumbers {
  readonly onHand: number;
  readonly reserved: number;
  readonly sold: number;
}

async function stockOf(client: Client<typeof InventoryService>, sku: string): Promise<StockNumbers> {
  const { stock } = await client.getStock({ skus: [sku] });
  const { onHand, reserved, sold } = stock[sku] ?? { onHand: -1, reserved: -1, sold: -1 };
  return { onHand, reserved, sold };
}

async function refused(call: Promise<unknown>): Promise<ConnectError> {
  return call.then(
    () => new ConnectError("it was not refused"),
    (error: unknown) => ConnectError.from(error),
  );
}

async function orderOf(client: Client<typeof InventoryService>, cartId: string) {
  return client.getOrder({ cartId }).catch((error: unknown) => {
    if (ConnectError.from(error).code === Code.NotFound) return undefined;
    throw error;
  });
}

async function registered(id: string): Promise<unknown> {
  const response = await fetch(`${consulUrl()}/v1/agent/service/${id}`);
  return response.ok ? response.json() : undefined;
}

t.test("inventory serves, reserves and books", async (t) => {
  const prefix = testTopicPrefix(t);
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const inventory = await startInventory(t, python, {
    SAMSPEL_SCHEMA: testSchema(t),
    SAMSPEL_TOPIC_PREFIX: prefix,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_BSP_SCHEDULE_DELAY: "50",
  });
  const { client } = inventory;
  const { js, manager } = await openJetStream(t);

  await t.test("its calls and messages are spans, in the trace that came", async (t) => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    await client.getStock(
      { skus: ["quince"] },
      { headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` } },
    );
    const [span] = await until("the collector has the call", () => collector.getTrace(traceId)?.spans);
    t.match(span, {
      service: "inventory",
      kind: "SERVER",
      name: "inventory.v1.InventoryService/GetStock",
      parentSpanId: "b7ad6b7169203331",
      error: false,
    });
    await publishCheckedOut(js, prefix, "spans", checkedOut("spans", { date: 1 }));
    await until("the collector has the message", () =>
      collector.traffic().edges.some(({ target, kind, subject }) => {
        return target === "inventory" && kind === "topic" && subject === "cart.v1.CartTopics.CheckedOut";
      }),
    );
  });

  await t.test("Reserve sets stock aside, all or nothing, in place of what was before", async (t) => {
    await client.reserve({ cartId: "c-1", items: { quince: 4, apple: 1 } });
    await client.reserve({ cartId: "c-1", items: { quince: 6 } });
    t.same(await stockOf(client, "quince"), { onHand: 10, reserved: 6, sold: 0 });
    t.same(await stockOf(client, "apple"), { onHand: 10_000, reserved: 0, sold: 0 });

    const error = await refused(
      client.reserve({ cartId: "c-2", items: { apple: 1, quince: 5, truffle: 2 } }),
    );
    t.equal(error.code, Code.FailedPrecondition);
    t.match(error.rawMessage, "quince (wanted 5, available 4), truffle (wanted 2, available 1)");
    const [detail] = error.findDetails(ErrorDetailSchema);
    t.match(detail, { code: "SAMSPEL_REJECTED", retryable: false });
    t.same(detail?.metadata, { short: "quince,truffle", "available.quince": "4", "available.truffle": "1" });
    t.equal((await stockOf(client, "apple")).reserved, 0);
    await client.reserve({ cartId: "c-1", items: {} });
    t.equal((await stockOf(client, "quince")).reserved, 0);
  });

  await t.test("a bad request is refused with what is wrong", async (t) => {
    const unknown = await refused(client.reserve({ cartId: "c-3", items: { apple: 1, unicorn: 1 } }));
    t.equal(unknown.code, Code.NotFound);
    t.equal(unknown.findDetails(ErrorDetailSchema)[0]?.metadata["unknown"], "unicorn");
    const negative = await refused(client.reserve({ cartId: "c-3", items: { apple: -1 } }));
    t.equal(negative.code, Code.InvalidArgument);
    t.equal((await refused(client.reserve({ items: { apple: 1 } }))).code, Code.InvalidArgument);
    t.equal((await refused(client.getStock({ skus: ["unicorn"] }))).code, Code.NotFound);
    t.equal((await refused(client.getOrder({ cartId: "nobody" }))).code, Code.NotFound);
  });

  await t.test("carts that race for scarce stock get it exactly once, without a deadlock", async (t) => {
    const results = await Promise.allSettled(
      Array.from({ length: 30 }, (_, i) => {
        const skus = i % 2 === 0 ? ["saffron", "dragonfruit"] : ["dragonfruit", "saffron"];
        const items = Object.fromEntries(skus.map((sku) => [sku, 1]));
        return client.reserve({ cartId: `race-${i}`, items });
      }),
    );
    t.equal(results.filter(({ status }) => status === "fulfilled").length, 3);
    for (const result of results) {
      if (result.status === "rejected")
        t.equal(ConnectError.from(result.reason).code, Code.FailedPrecondition);
    }
    t.equal((await stockOf(client, "saffron")).reserved, 3);
    t.equal((await stockOf(client, "dragonfruit")).reserved, 3);
  });

  await t.test("a checkout is booked once however often it is delivered", async (t) => {
    const cartId = "Åsas cart";
    await client.reserve({ cartId, items: { fig: 5, grape: 7 } });
    const body = checkedOut(cartId, { fig: 5, grape: 7 });
    await publishCheckedOut(js, prefix, cartId, body);
    await publishCheckedOut(js, prefix, cartId, body);
    const order = await until("both deliveries came", async () => {
      const order = await orderOf(client, cartId);
      return order?.deliveries === 2 ? order : undefined;
    });
    t.same(order?.items, { fig: 5, grape: 7 });
    t.same(await stockOf(client, "fig"), { onHand: 9_995, reserved: 0, sold: 5 });
    t.same(await stockOf(client, "grape"), { onHand: 9_993, reserved: 0, sold: 7 });

    await client.reserve({ cartId, items: { fig: 1 } });
    t.equal((await stockOf(client, "fig")).reserved, 0, "an ordered cart reserves nothing more");
  });

  await t.test("a message that cannot be decoded is parked and the next of its key is handled", async (t) => {
    const garbage = Uint8Array.of(0xff, 0xff, 0xff, 0xff);
    await publishCheckedOut(js, prefix, "c-9", garbage);
    await publishCheckedOut(js, prefix, "c-9", checkedOut("c-9", { lemon: 2 }));
    await until("the next one is booked", () => orderOf(client, "c-9"));
    const subject = `${prefix}dead.inventory.cart.v1.CartTopics.CheckedOut`;
    const letter = await manager.streams.getMessage(`${prefix}dead_letters`, { last_by_subj: subject });
    t.same(new Uint8Array(letter.data), garbage);
    t.match(letter.header.get("Samspel-Error"), /^DecodeError: \S+/);
    t.equal(letter.header.get("Samspel-Attempts"), "1");
    t.equal(letter.header.get("Samspel-Group"), "inventory");
    t.equal(letter.header.get("Samspel-Stream"), `${prefix}cart_v1_CartTopics_CheckedOut`);
    t.equal(letter.header.get("ce-id"), "cart/c-9/2", "its own headers are kept");
  });

  await t.test("the stream and its consumers are those of the wire contract", async (t) => {
    const stream = `${prefix}cart_v1_CartTopics_CheckedOut`;
    const { config } = await manager.streams.info(stream);
    t.match(config, {
      subjects: [`${prefix}topic.cart.v1.CartTopics.CheckedOut.*`],
      storage: "file",
      retention: "limits",
      discard: "old",
      duplicate_window: 120e9,
      metadata: { "samspel-partitions": "16" },
    });
    t.match((await manager.consumers.info(stream, "inventory-15")).config, {
      filter_subject: `${prefix}topic.cart.v1.CartTopics.CheckedOut.15`,
      ack_policy: "explicit",
      ack_wait: 10e9,
      max_ack_pending: 1,
      max_deliver: -1,
      deliver_policy: "all",
    });
  });

  await t.test("health and reflection answer", async (t) => {
    const transport = createGrpcTransport({ baseUrl: inventory.url });
    const health = createClient(Health, transport);
    for (const service of ["", "inventory.v1.InventoryService"]) {
      t.equal((await health.check({ service })).status, 1);
    }
    const names = await listServices(createClient(ServerReflection, transport));
    t.ok(names.includes("inventory.v1.InventoryService"), names.join());
  });

  await t.test("it is registered, healthy, and deregisters on SIGTERM with exit code 0", async (t) => {
    const id = `inventory-127-0-0-1-${new URL(inventory.url).port}`;
    const found = await until("it is registered", () => registered(id));
    t.match(found, {
      Service: "inventory",
      Tags: ["grpc", "inventory.v1.InventoryService"],
      Meta: { protocols: "grpc", lang: "python", secure: "false" },
    });
    const check = await until("Consul has asked its health", async () => {
      const response = await fetch(`${consulUrl()}/v1/agent/checks`);
      // Consul's API says so.
      const checks = (await response.json()) as Readonly<
        Record<string, { readonly Status: string; readonly Output: string }>
      >;
      const own = checks[`service:${id}`];
      return own?.Output === "" ? undefined : own;
    });
    t.equal(check?.Status, "passing");
    t.match(check?.Output, "success");

    t.same(await inventory.stop(), { type: "exited", code: 0 });
    t.equal(await registered(id), undefined);
    t.same(inventory.noise, []);
  });
});

async function* askForServices() {
  yield { messageRequest: { case: "listServices" as const, value: "" } };
}

async function listServices(reflection: Client<typeof ServerReflection>): Promise<readonly string[]> {
  for await (const { messageResponse } of reflection.serverReflectionInfo(askForServices())) {
    if (messageResponse.case === "listServicesResponse")
      return messageResponse.value.service.map(({ name }) => name);
  }
  return [];
}

t.test("inventory outlives the loss of Postgres, NATS and the registry", async (t) => {
  const prefix = testTopicPrefix(t);
  const [database, nats, consul] = await Promise.all([
    startTcpProxy(t, databaseUrl()),
    startTcpProxy(t, natsUrl()),
    startTcpProxy(t, consulUrl()),
  ]);
  const inventory = await startInventory(t, python, {
    SAMSPEL_SCHEMA: testSchema(t),
    SAMSPEL_TOPIC_PREFIX: prefix,
    DATABASE_URL: database.url,
    NATS_URL: nats.url.replace(/\/$/, ""),
    CONSUL_HTTP_ADDR: consul.url,
  });
  const { client, logs } = inventory;
  const { js, manager } = await openJetStream(t);

  await database.cut();
  const error = await refused(client.reserve({ cartId: "c-1", items: { fig: 1 } }));
  t.equal(error.code, Code.Unavailable);
  t.match(error.findDetails(ErrorDetailSchema)[0], { code: "SAMSPEL_DATABASE_UNREACHABLE", retryable: true });
  await publishCheckedOut(js, prefix, "c-1", checkedOut("c-1", { fig: 2 }));
  await until("a message waits for the database", () => logs.some(({ msg }) => msg === "message waits"));
  await database.restore();
  await until("it is booked", async () => {
    return orderOf(client, "c-1").catch((error: unknown) => {
      if (ConnectError.from(error).code === Code.Unavailable) return undefined;
      throw error;
    });
  });
  t.same(await stockOf(client, "fig"), { onHand: 9_998, reserved: 0, sold: 2 });

  const id = `inventory-127-0-0-1-${new URL(inventory.url).port}`;
  await until("it is registered", () => registered(id));
  await nats.cut();
  await consul.cut();
  await until("both are missed", () =>
    ["NATS connection lost", "registry away"].every((text) => logs.some(({ msg }) => msg === text)),
  );
  await fetch(`${consulUrl()}/v1/agent/service/deregister/${id}`, { method: "PUT" });
  await publishCheckedOut(js, prefix, "c-2", checkedOut("c-2", { fig: 3 }));
  await nats.restore();
  await consul.restore();
  await until("the message of that time is booked", () => orderOf(client, "c-2"));
  t.same(await stockOf(client, "fig"), { onHand: 9_995, reserved: 0, sold: 5 });
  await until("it is registered again", () => registered(id));

  t.same(await inventory.stop(), { type: "exited", code: 0 });
  t.same(inventory.noise, []);
  await t.rejects(manager.streams.info(`${prefix}dead_letters`), /stream not found/);
});

t.test("what an earlier version of inventory booked stays booked", async (t) => {
  const [prefix, schema] = [testTopicPrefix(t), testSchema(t)];
  const sql = postgres(databaseUrl(), { max: 1, onnotice: () => undefined });
  t.teardown(() => sql.end());
  await sql.unsafe(`
    create schema if not exists ${schema};
    set search_path to ${schema};
    create table stock (sku text primary key, on_hand integer not null, sold integer not null default 0);
    insert into stock values ('fig', 8, 2);
    create table inbox (
      message_id text primary key, cart_id text not null, deliveries integer not null default 1,
      received_at timestamptz not null default now()
    );
    create table orders (
      cart_id text primary key, items jsonb not null, message_id text not null references inbox,
      booked_at timestamptz not null default now()
    );
    insert into inbox values ('cart/c-1/2', 'c-1', 3);
    insert into orders values ('c-1', '{"fig": 2}', 'cart/c-1/2');`);
  const inventory = await startInventory(t, python, { SAMSPEL_SCHEMA: schema, SAMSPEL_TOPIC_PREFIX: prefix });
  const { client } = inventory;
  t.match(await orderOf(client, "c-1"), { items: { fig: 2 }, deliveries: 3 });
  const { js } = await openJetStream(t);
  await publishCheckedOut(js, prefix, "c-1", checkedOut("c-1", { fig: 2 }));
  await until("it is counted", async () => (await orderOf(client, "c-1"))?.deliveries === 4);
  t.same(await stockOf(client, "fig"), { onHand: 8, reserved: 0, sold: 2 }, "and not booked again");
  t.same(await inventory.stop(), { type: "exited", code: 0 });
});

t.test("inventory that cannot start says why, once, and exits with 1", async (t) => {
  const schema = testSchema(t);
  const port = new URL(natsUrl()).port;
  const cases: ReadonlyArray<readonly [string, Readonly<Record<string, string | undefined>>, string]> = [
    ["unset", { DATABASE_URL: undefined }, "DATABASE_URL must be a postgres:// URL: it is not set"],
    [
      "no Postgres",
      { DATABASE_URL: "postgres://me:secret@127.0.0.1:1/db" },
      "the Postgres of DATABASE_URL postgres://me@127.0.0.1:1/db cannot be used: ",
    ],
    [
      "no NATS URL",
      { NATS_URL: "127.0.0.1" },
      "NATS_URL must be a nats:// URL: current value is <invalid URL>",
    ],
    [
      "a taken port",
      { SAMSPEL_PORT: port },
      `SAMSPEL_HOST 127.0.0.1, SAMSPEL_PORT ${port} cannot be listened on: Address already in use`,
    ],
  ];
  await Promise.all(
    cases.map(async ([name, environment, message]) => {
      const error: unknown = await startInventory(t, python, {
        SAMSPEL_SCHEMA: schema,
        ...environment,
      }).catch((error: unknown) => error);
      const text = error instanceof Error ? error.message : "it started";
      const lines = JSON.parse(text.replace("inventory ended: ", "")) as ReadonlyArray<{
        level: string;
        msg: string;
      }>;
      t.equal(lines.length, 1, `${name}: one line`);
      t.match(lines[0], { level: "fatal", msg: `Cannot start inventory as ${message}` }, name);
      t.notMatch(text, "secret", name);
    }),
  );
});
