// A service in Go beside ours: called over gRPC, fed over JetStream, told, found in a real Consul, killed.
import { Code, ConnectError, createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { createRegistry } from "@samspel/registry";
import { createClients, errorDetail } from "@samspel/runtime";
import { Health } from "@samspel/runtime/gen/grpc/health/v1/health_pb.js";
import t from "tap";
import {
  ShipmentStatus,
  ShippingService,
  type Shipment,
} from "../../../examples/shopping-cart/gen/shipping/v1/shipping_api_pb.ts";
import { fixedSource } from "../../integration/calls/echo-server.ts";
import { consulUrl, databaseUrl, natsUrl } from "../../support/environment.ts";
import { testSchema, testTopicPrefix } from "../../support/isolation.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/until.ts";
import { checkedOut, openJetStream, publishCheckedOut } from "../python/inventory-process.ts";
import { buildGo, missingGo } from "./go-toolchain.ts";
import { dispatchedMessages, shippingFolder, startShipping } from "./shipping-process.ts";

const missing = await missingGo();
if (missing !== undefined) {
  t.pass("skipped", { skip: missing });
  process.exit(t.passing() ? 0 : 1);
}
// A build with nothing in any cache takes a minute.
const program = await buildGo(t, shippingFolder);
const patience = 30_000;

async function shipmentOf(
  client: Client<typeof ShippingService>,
  cartId: string,
): Promise<Shipment | undefined> {
  try {
    return (await client.getShipment({ cartId })).shipment;
  } catch (error) {
    if ([Code.NotFound, Code.Unavailable].includes(ConnectError.from(error).code)) return undefined;
    throw error;
  }
}

async function refused(call: Promise<unknown>): Promise<ConnectError> {
  return call.then(
    () => new ConnectError("it was not refused"),
    (error: unknown) => ConnectError.from(error),
  );
}

async function registered(id: string): Promise<unknown> {
  const response = await fetch(`${consulUrl()}/v1/agent/service/${id}`);
  return response.ok ? response.json() : undefined;
}

t.test("shipping prepares, tracks, dispatches and announces", async (t) => {
  const prefix = testTopicPrefix(t);
  const shipping = await startShipping(t, program, {
    SAMSPEL_SCHEMA: testSchema(t),
    SAMSPEL_TOPIC_PREFIX: prefix,
    SAMSPEL_VERSION: "1.2.3",
  });
  const { client } = shipping;
  const { js, manager } = await openJetStream(t);

  await t.test("it is found in the registry, with its descriptors, and answers health", async (t) => {
    await using registry = createRegistry({ url: consulUrl() });
    const instances = await registry.resolve(ShippingService.typeName, { timeoutMs: patience });
    const own = instances.find(({ id }) => id === shipping.id);
    t.match(own?.meta, { lang: "go", version: "1.2.3", secure: "false", samspel_contract: "1" });
    const key = `samspel/descriptors/${own?.meta["descriptor_sha256"] ?? ""}`;
    t.equal((await fetch(`${consulUrl()}/v1/kv/${key}`)).status, 200);
    const health = createClient(Health, createGrpcTransport({ baseUrl: shipping.url }));
    for (const service of ["", ShippingService.typeName]) {
      t.equal((await health.check({ service })).status, 1);
    }
  });

  await t.test("a shipment is tracked from before it is there until it is dispatched", async (t) => {
    const cartId = "Åsas cart";
    const statuses: ShipmentStatus[] = [];
    const tracked = (async () => {
      for await (const { shipment } of client.trackShipment({ cartId })) {
        statuses.push(shipment?.status ?? ShipmentStatus.UNSPECIFIED);
      }
    })();
    t.equal((await refused(client.getShipment({ cartId }))).code, Code.NotFound);
    t.equal((await refused(client.dispatch({ cartId }))).code, Code.FailedPrecondition);
    await publishCheckedOut(js, prefix, cartId, checkedOut(cartId, { fig: 2 }));
    await until("it is prepared", () => statuses.length === 1, patience);
    const { shipment } = await client.dispatch({ cartId });
    t.same({ ...shipment?.items }, { fig: 2 });
    await tracked;
    t.same(statuses, [ShipmentStatus.PREPARED, ShipmentStatus.DISPATCHED]);
    const again = await client.dispatch({ cartId });
    t.same(again.shipment?.dispatchedAt, shipment?.dispatchedAt, "a second time changes nothing");
  });

  await t.test("what was dispatched is announced once, under the cart's id", async (t) => {
    await until(
      "it is published",
      async () => (await dispatchedMessages(manager, prefix)).length > 0,
      patience,
    );
    await client.dispatch({ cartId: "Åsas cart" });
    t.same(await dispatchedMessages(manager, prefix), [
      { id: "%C3%85sas%20cart", cartId: "Åsas cart", items: { fig: 2 } },
    ]);
  });

  await t.test("a bad request is refused with what is wrong", async (t) => {
    const error = await refused(client.getShipment({}));
    t.equal(error.code, Code.InvalidArgument);
    t.match(errorDetail(error), { code: "SAMSPEL_INVALID_REQUEST", metadata: { field: "cart_id" } });
  });

  await t.test("a dispatch is told, once in effect, and so is its rejection", async (t) => {
    const clients = createClients({ registry: fixedSource(), natsUrl: natsUrl(), topicPrefix: prefix });
    t.teardown(() => clients.close());
    const { tell } = clients.client(ShippingService);
    await publishCheckedOut(js, prefix, "c-1", checkedOut("c-1", { pear: 1 }));
    await until("it is prepared", () => shipmentOf(client, "c-1"), patience);
    const receipt = await tell.dispatch({ cartId: "c-1" }, { idempotencyKey: "d-1" });
    const { shipment } = await receipt.reply({ timeoutMs: patience });
    t.equal(shipment?.status, ShipmentStatus.DISPATCHED);
    const hopeless = await tell.dispatch({ cartId: "nobody's" });
    const error = await refused(hopeless.reply({ timeoutMs: patience }));
    t.equal(error.code, Code.FailedPrecondition);
    t.equal(error.rawMessage, "there is no shipment of cart nobody's to dispatch");
    const letter = await until(
      "it is a dead letter",
      () =>
        manager.streams
          .getMessage(`${prefix}dead_letters`, {
            last_by_subj: `${prefix}dead.handler.tell.shipping.v1.ShippingService`,
          })
          .catch(() => undefined),
      patience,
    );
    t.equal(letter?.header.get("Samspel-Attempts"), "1");
  });

  await t.test("a message that cannot be decoded is parked and the next of its key is handled", async (t) => {
    const garbage = Uint8Array.of(0xff, 0xff, 0xff, 0xff);
    await publishCheckedOut(js, prefix, "c-9", garbage);
    // Another id, as it is another message.
    await publishCheckedOut(js, prefix, "c-9", checkedOut("c-9", { lemon: 2 }));
    await until("the next one is prepared", () => shipmentOf(client, "c-9"), patience);
    const subject = `${prefix}dead.shipping.cart.v1.CartTopics.CheckedOut`;
    const letter = await manager.streams.getMessage(`${prefix}dead_letters`, { last_by_subj: subject });
    t.same(new Uint8Array(letter.data), garbage);
    t.equal(letter.header.get("Samspel-Group"), "shipping");
  });

  await t.test(
    "SIGTERM: callers who track are sent away, it deregisters, and ends with code 0",
    async (t) => {
      const stream = refused(
        (async () => {
          for await (const _ of client.trackShipment({ cartId: "not yet" })) t.fail("there is none");
        })(),
      );
      await client.getShipment({ cartId: "c-1" });
      const ended = shipping.stop();
      t.equal((await stream).code, Code.Unavailable);
      t.same(await ended, { type: "exited", code: 0 });
      t.equal(await registered(shipping.id), undefined);
      t.same(shipping.noise, []);
    },
  );
});

t.test("shipping that is killed loses nothing, and does nothing twice", async (t) => {
  const prefix = testTopicPrefix(t);
  const nats = await startTcpProxy(t, natsUrl());
  const environment = { SAMSPEL_SCHEMA: testSchema(t), SAMSPEL_TOPIC_PREFIX: prefix };
  const { js, manager } = await openJetStream(t);
  const first = await startShipping(t, program, { ...environment, NATS_URL: nats.url.replace(/\/$/, "") });
  await publishCheckedOut(js, prefix, "c-1", checkedOut("c-1", { fig: 1 }));
  await until("it is prepared", () => shipmentOf(first.client, "c-1"), patience);
  await nats.cut();
  await first.client.dispatch({ cartId: "c-1" });
  t.same(await first.kill(), { type: "killed", signal: "SIGKILL" });
  t.same(await dispatchedMessages(manager, prefix), [], "it could not be announced");
  await publishCheckedOut(js, prefix, "c-2", checkedOut("c-2", { fig: 2 }));

  const second = await startShipping(t, program, environment);
  await until("what came meanwhile is prepared", () => shipmentOf(second.client, "c-2"), patience);
  await until(
    "what was dispatched before is announced",
    async () => (await dispatchedMessages(manager, prefix)).length === 1,
    patience,
  );
  await publishCheckedOut(js, prefix, "c-1", checkedOut("c-1", { fig: 9 }));
  await publishCheckedOut(js, prefix, "c-3", checkedOut("c-3", { fig: 3 }));
  await until("a later message is prepared", () => shipmentOf(second.client, "c-3"), patience);
  t.same({ ...(await shipmentOf(second.client, "c-1"))?.items }, { fig: 1 });
  t.same(await second.stop(), { type: "exited", code: 0 });
});

t.test("shipping outlives what it needs", async (t) => {
  const prefix = testTopicPrefix(t);
  const [database, nats, consul] = await Promise.all([
    startTcpProxy(t, databaseUrl()),
    startTcpProxy(t, natsUrl()),
    startTcpProxy(t, consulUrl()),
  ]);
  const shipping = await startShipping(t, program, {
    SAMSPEL_SCHEMA: testSchema(t),
    SAMSPEL_TOPIC_PREFIX: prefix,
    DATABASE_URL: database.url,
    NATS_URL: nats.url.replace(/\/$/, ""),
    CONSUL_HTTP_ADDR: consul.url,
  });
  const { client, logs } = shipping;
  const { js, manager } = await openJetStream(t);

  await database.cut();
  const error = await refused(client.getShipment({ cartId: "c-1" }));
  t.equal(error.code, Code.Unavailable);
  t.match(errorDetail(error), { code: "SAMSPEL_DATABASE_UNREACHABLE", retryable: true });
  await publishCheckedOut(js, prefix, "c-1", checkedOut("c-1", { fig: 2 }));
  await until(
    "a message waits for the database",
    () => logs.some(({ msg }) => msg === "message waits"),
    patience,
  );
  await database.restore();
  await until("it is prepared", () => shipmentOf(client, "c-1"), patience);

  await until("it is registered", () => registered(shipping.id), patience);
  await nats.cut();
  await consul.cut();
  await until(
    "both are missed",
    () => ["NATS connection lost", "registry away"].every((text) => logs.some(({ msg }) => msg === text)),
    patience,
  );
  await fetch(`${consulUrl()}/v1/agent/service/deregister/${shipping.id}`, { method: "PUT" });
  await publishCheckedOut(js, prefix, "c-2", checkedOut("c-2", { fig: 3 }));
  await nats.restore();
  await consul.restore();
  await until("the message of that time is prepared", () => shipmentOf(client, "c-2"), patience);
  await until("it is registered again", () => registered(shipping.id), patience);

  await manager.streams.delete(`${prefix}cart_v1_CartTopics_CheckedOut`);
  await until(
    "the stream is made again",
    () =>
      manager.streams.info(`${prefix}cart_v1_CartTopics_CheckedOut`).then(
        () => true,
        () => false,
      ),
    patience,
  );
  await publishCheckedOut(js, prefix, "c-4", checkedOut("c-4", { fig: 3 }));
  await until("it is consumed", () => shipmentOf(client, "c-4"), patience);

  t.same(await shipping.stop(), { type: "exited", code: 0 });
  t.same(shipping.noise, []);
  await t.rejects(manager.streams.info(`${prefix}dead_letters`), /stream not found/);
});

t.test("shipping that cannot start says why, once, and exits with 1", async (t) => {
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
    ["a port that is none", { SAMSPEL_PORT: "http" }, "SAMSPEL_PORT must be a port number from 0 to 65535"],
    ["another level", { LOG_LEVEL: "loud" }, "LOG_LEVEL must be one of trace, debug, "],
    [
      "a taken port",
      { SAMSPEL_PORT: port },
      `SAMSPEL_HOST 127.0.0.1, SAMSPEL_PORT ${port} cannot be listened on: address already in use`,
    ],
  ];
  await Promise.all(
    cases.map(async ([name, environment, message]) => {
      const error: unknown = await startShipping(t, program, {
        SAMSPEL_SCHEMA: schema,
        ...environment,
      }).catch((error: unknown) => error);
      const text = error instanceof Error ? error.message : "it started";
      const lines = JSON.parse(text.replace("shipping ended: ", "")) as ReadonlyArray<{
        level: string;
        msg: string;
      }>;
      t.equal(lines.length, 1, `${name}: one line`);
      t.match(lines[0], { level: "fatal", msg: `Cannot start shipping as ${message}` }, name);
      t.notMatch(text, "secret", name);
    }),
  );
});
