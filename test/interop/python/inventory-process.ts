// Runs the example's inventory, as the dev runner does, and publishes to it what carts would.
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { connect, headers, type JetStreamClient, type JetStreamManager } from "nats";
import type { Test } from "tap";
import { crc32 } from "node:zlib";
import { preparePython } from "../../../devkit/src/dev/python-environment.ts";
import { silentReporter } from "../../../devkit/src/infra/index.ts";
import { superviseProcesses, type ProcessExit } from "../../../devkit/src/process/index.ts";
import { CartCheckedOutSchema } from "../../../examples/shopping-cart/gen/cart/v1/cart_topics_pb.ts";
import { InventoryService } from "../../../examples/shopping-cart/gen/inventory/v1/inventory_api_pb.ts";
import { consulUrl, databaseUrl, natsUrl } from "../../support/environment.ts";
import { until } from "../../support/until.ts";

const root = join(import.meta.dirname, "../../..");
const inventory = join(root, "examples/shopping-cart/inventory");

/** One line of the service's log. */
interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface InventoryProcess {
  readonly url: string;
  readonly client: Client<typeof InventoryService>;
  readonly logs: readonly LogLine[];
  /** What it wrote that is no log line; must stay empty. */
  readonly noise: readonly string[];
  /** Sends SIGTERM, and waits for the end. */
  stop(): Promise<ProcessExit>;
}

/** A Python with inventory's packages: of `TEST_PYTHON`, else installed once, as the dev runner does. */
export async function inventoryPython(t: Test): Promise<string> {
  const given = process.env["TEST_PYTHON"];
  if (given !== undefined) return given;
  const supervisor = superviseProcesses();
  t.teardown(() => supervisor.stop());
  const { interpreter, packagesDir } = await preparePython({
    requirements: join(inventory, "requirements.txt"),
    dir: join(root, "examples/shopping-cart/.samspel/python"),
    reporter: silentReporter,
    supervisor,
    env: process.env,
  });
  if (packagesDir !== undefined)
    throw new Error(`Set TEST_PYTHON to a Python with the packages of ${inventory}`);
  return interpreter;
}

/** The environment of the service: the test run's infra, changed as given. */
function inventoryEnvironment(
  changed: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return {
    PATH: process.env["PATH"],
    PYTHONPATH: `${join(root, "interop/python/src")}:${join(inventory, "src")}`,
    DATABASE_URL: databaseUrl(),
    NATS_URL: natsUrl(),
    CONSUL_HTTP_ADDR: consulUrl(),
    ...changed,
  };
}

/** Starts it and waits until it is ready; it ends with the test. */
export async function startInventory(
  t: Test,
  python: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<InventoryProcess> {
  const supervisor = superviseProcesses();
  t.teardown(() => supervisor.stop());
  const child = await supervisor.start({
    name: "inventory",
    command: python,
    args: ["-m", "inventory"],
    cwd: join(root, "examples/shopping-cart"),
    env: inventoryEnvironment(environment),
  });
  const logs: LogLine[] = [];
  const noise: string[] = [];
  child.onLine(({ stream, text }) => {
    if (stream === "stderr") noise.push(text);
    // Each line of the service's log has these fields.
    else logs.push(JSON.parse(text) as LogLine);
  });
  const ready = await until("inventory is ready", () => {
    if (child.state.type === "ended")
      throw new Error(`inventory ended: ${JSON.stringify([...logs, ...noise])}`);
    return logs.find(({ msg }) => msg === "ready");
  });
  const url = `http://127.0.0.1:${String(ready?.["port"])}`;
  return {
    url,
    client: createClient(InventoryService, createGrpcTransport({ baseUrl: url })),
    logs,
    noise,
    stop: () => child.stop(),
  };
}

/** JetStream of the test run, as a foreign publisher and reader would use it. */
export async function openJetStream(
  t: Test,
): Promise<{ readonly js: JetStreamClient; readonly manager: JetStreamManager }> {
  const connection = await connect({ servers: natsUrl() });
  t.teardown(() => connection.close());
  return { js: connection.jetstream(), manager: await connection.jetstreamManager() };
}

/** The body of a checkout's message. */
export function checkedOut(cartId: string, items: Readonly<Record<string, number>>): Uint8Array {
  return toBinary(CartCheckedOutSchema, create(CartCheckedOutSchema, { cartId, items: { ...items } }));
}

/** Publishes to the topic of checkouts by the wire contract alone, without a message id: every copy is kept. */
export async function publishCheckedOut(
  js: JetStreamClient,
  prefix: string,
  cartId: string,
  body: Uint8Array,
): Promise<void> {
  const partition = crc32(cartId) % 16;
  const own = headers();
  for (const [name, value] of Object.entries({
    "ce-specversion": "1.0",
    "ce-id": `cart/${encodeURIComponent(cartId)}/2`,
    "ce-source": "/samspel/cart",
    "ce-type": "cart.v1.CartCheckedOut",
    "ce-time": new Date().toISOString(),
    "ce-partitionkey": encodeURIComponent(cartId),
    "content-type": "application/protobuf",
  })) {
    own.set(name, value);
  }
  await js.publish(`${prefix}topic.cart.v1.CartTopics.CheckedOut.${partition}`, body, { headers: own });
}
