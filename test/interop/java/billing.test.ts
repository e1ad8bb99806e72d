// A service in Java among ours: called, told, fed by a topic, found in a real Consul, crashed and stopped.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { Code, ConnectError, type Client } from "@connectrpc/connect";
import { createRegistry } from "@samspel/registry";
import { createClients, errorDetail } from "@samspel/runtime";
import t, { type Test } from "tap";
import { BillingService } from "../../../examples/shopping-cart/gen/billing/v1/billing_api_pb.ts";
import { consulUrl, databaseUrl, natsUrl } from "../../support/environment.ts";
import { testSchema, testTopicPrefix } from "../../support/isolation.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/until.ts";
import { checkedOut, openJetStream, publishCheckedOut } from "../python/inventory-process.ts";
import { buildBilling, buildMs, missingJava, startBilling } from "./billing-process.ts";
import { startNeighbours } from "./neighbours.ts";

t.setTimeout(buildMs + 300_000);
const patience = 60_000;
const missing = await missingJava();
if (missing === undefined) await buildBilling();

/** A test that needs Java. */
function withJava(name: string, body: (t: Test) => Promise<void>): void {
  t.test(name, async (t) => {
    if (missing === undefined) await body(t);
    else t.pass("skipped", { skip: missing });
  });
}

type BillingClient = Client<typeof BillingService>;

async function invoiceOf(client: BillingClient, cartId: string) {
  const { invoice } = await client.getInvoice({ cartId });
  if (invoice === undefined) throw new Error("an answer without an invoice");
  const lines = invoice.lines.map(({ sku, quantity, priceCents }) => `${quantity} ${sku} ${priceCents}`);
  return { lines, totalCents: Number(invoice.totalCents), paid: invoice.paidAt !== undefined };
}

/** The invoice, once its checkout has arrived. */
async function arrived(client: BillingClient, cartId: string) {
  return until(
    `the invoice of ${cartId} is there`,
    () =>
      invoiceOf(client, cartId).catch((error: unknown) => {
        if ([Code.NotFound, Code.Unavailable].includes(ConnectError.from(error).code)) return undefined;
        throw error;
      }),
    patience,
  );
}

async function failure(call: Promise<unknown>): Promise<ConnectError> {
  return call.then(
    () => new ConnectError("it did not fail"),
    (error: unknown) => ConnectError.from(error),
  );
}

async function registered(id: string): Promise<unknown> {
  const response = await fetch(`${consulUrl()}/v1/agent/service/${id}`);
  return response.ok ? response.json() : undefined;
}

/** `samspel join verify` of the services in Consul. */
async function verify(...args: readonly string[]): Promise<{ code: number | null; out: string }> {
  const main = join(import.meta.dirname, "../../../devkit/src/cli/main.ts");
  const child = spawn(process.execPath, ["--conditions=samspel-source", main, "join", "verify", ...args], {
    env: { PATH: process.env["PATH"], CONSUL_HTTP_ADDR: consulUrl(), NATS_URL: natsUrl() },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const code = new Promise<number | null>((resolve) => child.once("close", resolve));
  const out = await text(child.stdout);
  return { code: await code, out };
}

withJava("billing is called, told and published to by TypeScript, and does so itself", async (t) => {
  const prefix = testTopicPrefix(t);
  const neighbours = await startNeighbours(t, prefix);
  await neighbours.checkOut("Åsas cart", { apple: 2, unicorn: 1 });
  const billing = await startBilling(t, {
    SAMSPEL_SCHEMA: testSchema(t),
    SAMSPEL_TOPIC_PREFIX: prefix,
    SAMSPEL_VERSION: "1.2.3",
  });
  const registry = createRegistry({ url: consulUrl() });
  const clients = createClients({ registry, natsUrl: natsUrl(), topicPrefix: prefix });
  t.teardown(async () => {
    await clients.close();
    await registry.close();
  });
  const client = clients.client(BillingService);

  await t.test("what was checked out before it ran has an invoice", async (t) => {
    t.same(await arrived(client, "Åsas cart"), {
      lines: ["2 apple 45", "1 unicorn 199"],
      totalCents: 289,
      paid: false,
    });
  });

  await t.test("a checkout that comes twice has one invoice", async (t) => {
    const { js } = await openJetStream(t);
    const body = checkedOut("c-2", { fig: 1 });
    await publishCheckedOut(js, prefix, "c-2", body);
    await publishCheckedOut(js, prefix, "c-2", body);
    await neighbours.checkOut("c-3", { fig: 2 });
    await Promise.all(["c-2", "c-3"].map((cartId) => arrived(client, cartId)));
    const carts: string[] = [];
    for await (const { invoice } of client.listInvoices({ unpaid: true })) carts.push(invoice?.cartId ?? "");
    t.same(carts, ["Åsas cart", "c-2", "c-3"].toSorted());
  });

  await t.test("a refusal says why", async (t) => {
    const unknown = await failure(client.getInvoice({ cartId: "nobody" }));
    t.equal(unknown.code, Code.NotFound);
    t.match(errorDetail(unknown), { code: "SAMSPEL_REJECTED", metadata: { cart_id: "nobody" } });
    t.equal((await failure(client.getInvoice({}))).code, Code.InvalidArgument);
    t.equal((await failure(client.pay({ cartId: "nobody" }))).code, Code.FailedPrecondition);
  });

  await t.test("a payment is published once, and dispatches its shipment", async (t) => {
    for (let time = 0; time < 3; time++) await client.pay({ cartId: "Åsas cart" });
    t.equal((await invoiceOf(client, "Åsas cart")).paid, true);
    await until("others learn of it", () => neighbours.paid.length > 0, patience);
    await until("the shipment is dispatched", () => neighbours.dispatched.length > 0, patience);
    t.same(neighbours.dispatched, ["Åsas cart"]);
  });

  await t.test("Pay can be told, and refuses what it cannot do", async (t) => {
    const receipt = await client.tell.pay({ cartId: "c-2" }, { idempotencyKey: "pay c-2" });
    const reply = await receipt.reply({ timeoutMs: patience });
    t.equal(reply.invoice?.totalCents, 80n);
    const refused = await client.tell.pay({ cartId: "nobody" });
    const error = await failure(refused.reply({ timeoutMs: patience }));
    t.equal(error.code, Code.FailedPrecondition);
    t.match(errorDetail(error), { code: "SAMSPEL_REJECTED" });
    await until("the told payment is published", () => neighbours.paid.length > 1, patience);
    t.same(neighbours.paid, ["invoice/Åsas cart/paid Åsas cart 289", "invoice/c-2/paid c-2 80"]);
  });

  await t.test("samspel join verify finds nothing to mend", async (t) => {
    const args = ["--name", "billing", "--topic-prefix", prefix, "--disruptive", "--pid", `${billing.pid}`];
    t.match(await verify(...args, "--skip", "DRAIN"), { code: 0, out: /\d+ passed, none failed/ });
  });

  await t.test("it is registered by the contract, and leaves on SIGTERM with exit code 0", async (t) => {
    const id = `billing-127-0-0-1-${new URL(billing.url).port}`;
    t.match(await registered(id), {
      Service: "billing",
      Tags: ["grpc", "billing.v1.BillingService"],
      Meta: {
        samspel_contract: "1",
        protocols: "grpc",
        version: "1.2.3",
        lang: "java",
        secure: "false",
        descriptor_sha256: /^[0-9a-f]{64}$/,
      },
    });
    t.same(await billing.stop(), { type: "exited", code: 0 });
    t.equal(await registered(id), undefined);
    t.same(billing.noise, []);
  });
});

withJava("a payment is announced though the process dies before it could", async (t) => {
  const prefix = testTopicPrefix(t);
  const neighbours = await startNeighbours(t, prefix);
  const nats = await startTcpProxy(t, natsUrl());
  const environment = {
    SAMSPEL_SCHEMA: testSchema(t),
    SAMSPEL_TOPIC_PREFIX: prefix,
    NATS_URL: nats.url.replace(/\/$/, ""),
  };
  const first = await startBilling(t, environment);
  await neighbours.checkOut("c-1", { apple: 1 });
  await arrived(first.client, "c-1");
  await nats.cut();
  await until("NATS is missed", () => first.logs.some(({ msg }) => msg === "NATS connection lost"));
  await first.client.pay({ cartId: "c-1" });
  t.same(await first.kill(), { type: "killed", signal: "SIGKILL" });
  t.same(neighbours.paid, []);

  await nats.restore();
  const second = await startBilling(t, environment);
  t.match(await arrived(second.client, "c-1"), { paid: true, totalCents: 45 });
  await until("others learn of it", () => neighbours.dispatched.length > 0, patience);
  await until("others read of it", () => neighbours.paid.length > 0, patience);
  t.same(neighbours.paid, ["invoice/c-1/paid c-1 45"]);
  t.same(await second.stop(), { type: "exited", code: 0 });
});

withJava("billing outlives the loss of Postgres, NATS and the registry", async (t) => {
  const prefix = testTopicPrefix(t);
  const neighbours = await startNeighbours(t, prefix);
  const [database, nats, consul] = await Promise.all([
    startTcpProxy(t, databaseUrl()),
    startTcpProxy(t, natsUrl()),
    startTcpProxy(t, consulUrl()),
  ]);
  const billing = await startBilling(t, {
    SAMSPEL_SCHEMA: testSchema(t),
    SAMSPEL_TOPIC_PREFIX: prefix,
    DATABASE_URL: database.url,
    NATS_URL: nats.url.replace(/\/$/, ""),
    CONSUL_HTTP_ADDR: consul.url,
  });
  const { client, logs } = billing;

  await database.cut();
  const error = await failure(client.getInvoice({ cartId: "c-1" }));
  t.equal(error.code, Code.Unavailable);
  t.match(errorDetail(error), { code: "SAMSPEL_DATABASE_UNREACHABLE", retryable: true });
  await neighbours.checkOut("c-1", { fig: 1 });
  await until("it waits for the database", () => logs.some(({ msg }) => msg === "message waits"), patience);
  await database.restore();
  t.match(await arrived(client, "c-1"), { totalCents: 80 });

  const id = `billing-127-0-0-1-${new URL(billing.url).port}`;
  await until("it is registered", () => registered(id));
  await nats.cut();
  await consul.cut();
  await until("both are missed", () =>
    ["NATS connection lost", "registry away"].every((text) => logs.some(({ msg }) => msg === text)),
  );
  await fetch(`${consulUrl()}/v1/agent/service/deregister/${id}`, { method: "PUT" });
  await neighbours.checkOut("c-2", { fig: 2 });
  await nats.restore();
  await consul.restore();
  t.match(await arrived(client, "c-2"), { totalCents: 160 });
  await until("it is registered again", () => registered(id), patience);
  t.same(await billing.stop(), { type: "exited", code: 0 });
  t.same(billing.noise, []);
  const { manager } = await openJetStream(t);
  await t.rejects(manager.streams.info(`${prefix}dead_letters`), /stream not found/);
});

withJava("a second signal ends billing at once, though a call is in its hands", async (t) => {
  const database = await startTcpProxy(t, databaseUrl());
  const billing = await startBilling(t, {
    SAMSPEL_SCHEMA: testSchema(t),
    SAMSPEL_TOPIC_PREFIX: testTopicPrefix(t),
    DATABASE_URL: database.url,
  });
  await invoiceOf(billing.client, "c-1").catch(() => undefined); // so that there is a connection
  database.freeze();
  const hanging = failure(billing.client.getInvoice({ cartId: "c-1" }, { timeoutMs: 120_000 }));
  await until("the call is in its hands", () => database.swallowed() > 0);
  process.kill(billing.pid, "SIGTERM");
  await until("it stops", () => billing.logs.some(({ msg }) => msg === "deregistered"));
  t.same(await billing.stop(), { type: "exited", code: 143 });
  t.not((await hanging).code, Code.Unknown, "the call failed");
});

withJava("billing that cannot start says why, once, and exits with 1", async (t) => {
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
      "no NATS",
      { NATS_URL: "nats://127.0.0.1:1" },
      "no NATS server answers at NATS_URL nats://127.0.0.1:1: ",
    ],
    [
      "a taken port",
      { SAMSPEL_PORT: port },
      `SAMSPEL_HOST 127.0.0.1, SAMSPEL_PORT ${port} cannot be listened on: Address already in use`,
    ],
    ["an identity", { SAMSPEL_IDENTITY: "consul" }, "SAMSPEL_IDENTITY must be none, "],
  ];
  for (const [name, environment, message] of cases) {
    const error: unknown = await startBilling(t, { SAMSPEL_SCHEMA: schema, ...environment }).catch(
      (error: unknown) => error,
    );
    const text = error instanceof Error ? error.message : "it started";
    const lines = JSON.parse(text.replace("billing ended: ", "")) as ReadonlyArray<{
      level: string;
      msg: string;
    }>;
    t.equal(lines.length, 1, `${name}: one line`);
    t.match(lines[0], { level: "fatal", msg: `Cannot start billing as ${message}` }, name);
    t.notMatch(text, "secret", name);
  }
});
