// Services in processes of their own, told by the environment where spans go: a checkout is one trace across them.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createRegistry, type Registry } from "@samspel/registry";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import { createClients } from "@samspel/runtime";
import postgres from "postgres";
import { startCollector, type Collector, type Span } from "samspel";
import t, { type Test } from "tap";
import { companionsFor } from "../../devkit/src/cli/dev-companions.ts";
import { CartService } from "../../examples/shopping-cart/gen/cart/v1/cart_api_pb.ts";
import { databaseUrl, natsUrl } from "../support/environment.ts";
import { testTopicPrefix } from "../support/isolation.ts";
import { until } from "../support/until.ts";

const example = join(import.meta.dirname, "../../examples/shopping-cart");
const waitMs = 60_000;

interface Shop {
  readonly registry: Registry;
  /** Starts a service, and waits until it is ready; its log lines come as they are written. */
  run(this: void, file: string, env: Readonly<Record<string, string>>): Promise<Program>;
}

interface Program {
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** Asks it to stop, and waits for its end; in milliseconds. */
  stop(this: void): Promise<number>;
}

async function openShop(t: Test): Promise<Shop> {
  const embedded = await startEmbeddedRegistry();
  t.teardown(() => embedded.close());
  const registry = createRegistry({ url: embedded.url });
  t.teardown(() => registry.close());
  const database = await testDatabase(t);
  const prefix = testTopicPrefix(t);
  return {
    registry,
    async run(file, env) {
      const child = spawn(process.execPath, ["--conditions=samspel-source", file], {
        cwd: example,
        env: {
          PATH: process.env["PATH"] ?? "",
          DATABASE_URL: database,
          NATS_URL: natsUrl(),
          CONSUL_HTTP_ADDR: embedded.url,
          SAMSPEL_TOPIC_PREFIX: prefix,
          ...env,
        },
        stdio: ["ignore", "pipe", "inherit"],
      });
      t.teardown(() => child.kill("SIGKILL"));
      const lines: Record<string, unknown>[] = [];
      createInterface(child.stdout).on("line", (line) => void lines.push(JSON.parse(line)));
      const ended = once(child, "close");
      await until(`${file} is ready`, () => lines.some(({ msg }) => msg === "service is ready"), waitMs);
      return {
        lines,
        async stop() {
          const startedAtMs = performance.now();
          child.kill("SIGTERM");
          await ended;
          return performance.now() - startedAtMs;
        },
      };
    },
  };
}

/** A database of the test's own: two of the shop's services share a schema, and say its name themselves. */
async function testDatabase(t: Test): Promise<string> {
  const name = `traces_${randomUUID().replaceAll("-", "")}`;
  const sql = postgres(databaseUrl(), { max: 1, onnotice: () => {} });
  t.teardown(() => sql.end());
  await sql`create database ${sql(name)}`;
  t.teardown(() => sql`drop database ${sql(name)} with (force)`);
  const url = new URL(databaseUrl());
  url.pathname = name;
  return url.href;
}

async function collector(t: Test): Promise<Collector> {
  const started = await startCollector();
  t.teardown(() => started.close());
  return started;
}

/** The spans of a trace, one a line, with the depth that their parents give them. */
function picture(spans: readonly Span[]): readonly string[] {
  const depths = new Map<string, number>();
  return spans.map(({ spanId, parentSpanId, kind, service, name }) => {
    const depth = (depths.get(parentSpanId) ?? -1) + 1;
    depths.set(spanId, depth);
    return `${" ".repeat(depth)}${kind} ${service} ${name}`;
  });
}

t.test("a checkout is one trace across all services, and their log lines have its id", async (t) => {
  const { registry, run } = await openShop(t);
  const { url, listTraces, getTrace, traffic } = await collector(t);
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_BSP_SCHEDULE_DELAY: "50" };
  // What was there before the projection is history to it, of which there are no spans: so it is there first.
  const [, , warehouse] = await Promise.all([
    run("cart/main.ts", env),
    run("popular-items/main.ts", { ...env, OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" }),
    run(join(import.meta.dirname, "fixtures/warehouse.ts"), {
      ...env,
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
    }),
  ]);
  const clients = createClients({ registry, timeoutMs: waitMs });
  t.teardown(() => clients.close());
  const cart = clients.client(CartService);
  await cart.addItem({ cartId: "c", sku: "apple", quantity: 1 });
  await cart.checkout({ cartId: "c" });
  const expected = [
    "SERVER cart cart.v1.CartService/Checkout",
    " INTERNAL cart cart checkout",
    "  CLIENT cart inventory.v1.InventoryService/Reserve",
    "   SERVER inventory inventory.v1.InventoryService/Reserve",
    "  INTERNAL cart append cart",
    "  INTERNAL popular-items project popular-items",
    "  PRODUCER cart publish cart.v1.CartTopics.CheckedOut",
    "   CONSUMER inventory process cart.v1.CartTopics.CheckedOut",
  ];
  const found = await until(
    "the trace is whole",
    () => {
      const [summary] = listTraces({ text: "CartService/Checkout" });
      return summary !== undefined && summary.spans >= expected.length && summary;
    },
    waitMs,
  ).catch((error: unknown) => {
    const [summary] = listTraces({ text: "CartService/Checkout" });
    const seen = picture(getTrace(summary?.traceId ?? "")?.spans ?? []);
    throw new Error(`The trace is\n${seen.join("\n")}`, { cause: error });
  });
  t.match(found, {
    name: "cart.v1.CartService/Checkout",
    service: "cart",
    errors: 0,
    services: ["cart", "inventory", "popular-items"],
  });
  const spans = getTrace(found.traceId)?.spans ?? [];
  t.same(picture(spans).toSorted(), expected.toSorted());
  t.match(
    spans.find(({ name }) => name === "append cart"),
    { attributes: { "samspel.entity.id": "c", "samspel.events": "1", "samspel.revision": "2" } },
  );
  for (const message of ["reserved", "sent"])
    t.match(
      warehouse.lines.find(({ msg }) => msg === message),
      { trace_id: found.traceId, span_id: /^[0-9a-f]{16}$/ },
    );
  const edges = (): readonly string[] =>
    traffic()
      .edges.map(({ source, kind, target }) => `${source} ${kind} ${target}`)
      .toSorted();
  t.same(edges(), [" ask cart", "cart ask inventory", "cart topic inventory"]);

  // As `samspel dev` has it, in a process of its own that makes no spans beside.
  const { startGateway } = companionsFor({ gateway: true, dashboard: false });
  const gateway = await startGateway?.({
    host: "127.0.0.1",
    port: 0,
    registryUrl: registry.url,
    identity: "none",
    collectorUrl: url,
    onLine: (line) => t.comment(line),
  });
  t.teardown(() => gateway?.close());
  const path = "cart.v1.CartService/GetCart";
  const get = (): Promise<Response> =>
    fetch(`${gateway?.url}/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"cartId":"c"}',
    });
  await until("the gateway has the cart", async () => (await get()).ok, waitMs);
  await until(
    "the gateway is seen as who calls",
    async () => (await get()).ok && edges().includes("gateway ask cart"),
    waitMs,
  );
  const whole = `SERVER gateway POST /${path}\n CLIENT gateway ${path}\n  SERVER cart ${path}`;
  await until(
    "its trace is whole",
    () =>
      listTraces({ text: "POST /cart.v1.CartService/GetCart" }).some(({ traceId }) =>
        picture(getTrace(traceId)?.spans ?? [])
          .join("\n")
          .startsWith(whole),
      ),
    waitMs,
  );
});

t.test(
  "a stop sends the spans that wait, and a collector that is away costs one line and no 3 s",
  async (t) => {
    const { registry, run } = await openShop(t);
    const { url, listTraces, close } = await collector(t);
    const late = { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_BSP_SCHEDULE_DELAY: "600000" };
    const cart = await run("cart/main.ts", late);
    const clients = createClients({ registry, timeoutMs: waitMs });
    t.teardown(() => clients.close());
    const client = clients.client(CartService);
    await client.addItem({ cartId: "c", sku: "apple", quantity: 1 });
    t.same(listTraces(), []);
    await cart.stop();
    t.match(listTraces(), [{ name: "cart.v1.CartService/AddItem", service: "cart" }]);
    await close();

    const lonely = await run("cart/main.ts", {
      ...late,
      OTEL_BSP_SCHEDULE_DELAY: "10",
      OTEL_EXPORTER_OTLP_TIMEOUT: "500",
    });
    const warnings = () => lonely.lines.filter(({ msg }) => String(msg).startsWith("spans are not taken"));
    await until(
      "it says that nobody takes its spans",
      async () => {
        // The one before may be known still.
        await client.getCart({ cartId: "c" }).catch(() => {});
        return warnings().length > 0;
      },
      waitMs,
    );
    for (let call = 0; call < 20; call++) await client.getCart({ cartId: "c" });
    const stopMs = await lonely.stop();
    t.match(warnings(), [{ level: 40, endpoint: url }]);
    t.ok(stopMs < 10_000, `it stopped in ${Math.round(stopMs)} ms`);
  },
);
