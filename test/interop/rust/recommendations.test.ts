// A service in Rust beside ours: called over gRPC, fed over JetStream, told, found in a real Consul.
import { Code, ConnectError } from "@connectrpc/connect";
import { createClients, serve, startService, topic, type ServiceContext } from "@samspel/runtime";
import { ErrorDetailSchema } from "@samspel/runtime/gen/samspel/v1/errors_pb.js";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import t, { type Test } from "tap";
import { CartTopics } from "../../../examples/shopping-cart/gen/cart/v1/cart_topics_pb.ts";
import { PopularItemsService } from "../../../examples/shopping-cart/gen/popular/v1/popular_items_api_pb.ts";
import { RecommendationService } from "../../../examples/shopping-cart/gen/recommendations/v1/recommendations_api_pb.ts";
import { fixedSource } from "../../integration/calls/echo-server.ts";
import { consulUrl, databaseUrl, natsUrl } from "../../support/environment.ts";
import { testSchema, testTopicPrefix } from "../../support/isolation.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { verified } from "../../support/joining/verified.ts";
import { until } from "../../support/until.ts";
import {
  buildRecommendations,
  startRecommendations,
  type RecommendationClient,
} from "./recommendations-process.ts";
import { buildMs, hasCargo } from "./toolchain.ts";

t.setTimeout(buildMs + 300_000);
if (!(await hasCargo(t))) process.exit(0);
await buildRecommendations();

type Pairs = ReadonlyArray<readonly [sku: string, carts: number]>;

async function recommended(client: RecommendationClient, sku: string): Promise<Pairs> {
  const { recommendations } = await client.recommend({ sku });
  return recommendations.map(({ sku, carts }) => [sku, carts]);
}

async function refused(call: Promise<unknown>): Promise<ConnectError> {
  return call.then(
    () => new ConnectError("it was not refused"),
    (error: unknown) => ConnectError.from(error),
  );
}

interface Shop {
  readonly prefix: string;
  /** Publishes a checkout as a service in TypeScript does. */
  checkOut(this: void, cartId: string, ...skus: readonly string[]): Promise<void>;
}

/** The services in TypeScript that recommendations lives with. */
async function openShop(t: Test, registryUrl: string): Promise<Shop> {
  const prefix = testTopicPrefix(t);
  const { promise: context, resolve } = Promise.withResolvers<ServiceContext>();
  const popular = serve(PopularItemsService, (service) => {
    resolve(service);
    return {
      listPopularItems: () => ({ items: ["apple", "fig", "kiwi"].map((sku) => ({ sku, added: 1n })) }),
      async *watchPopularItems() {},
    };
  });
  const shop = await startService({
    name: "shop",
    services: [popular],
    topics: [topic(CartTopics.method.checkedOut)],
    databaseUrl: databaseUrl(),
    schema: testSchema(t),
    natsUrl: natsUrl(),
    topicPrefix: prefix,
    registryUrl,
    ownsProcess: false,
    logger: silentLogger,
  });
  t.teardown(() => shop.stop());
  return {
    prefix,
    async checkOut(cartId, ...skus) {
      const items = Object.fromEntries(skus.map((sku) => [sku, 1]));
      await (await context).topic(CartTopics.method.checkedOut).publish({ cartId, items });
    },
  };
}

t.test("recommendations learns from checkouts, and answers", async (t) => {
  const registry = await startEmbeddedRegistry();
  t.teardown(() => registry.close());
  const { prefix, checkOut } = await openShop(t, registry.url);
  const schema = testSchema(t);
  const environment = {
    CONSUL_HTTP_ADDR: registry.url,
    SAMSPEL_TOPIC_PREFIX: prefix,
    SAMSPEL_SCHEMA: schema,
  };
  await checkOut("before it ran", "fig", "kiwi");
  let service = await startRecommendations(t, environment);

  await t.test("Recommend gives what was checked out together, best first", async (t) => {
    await checkOut("c-1", "fig", "kiwi", "pear");
    await until("both came", async () => (await recommended(service.client, "fig"))[0]?.[1] === 2);
    t.same(await recommended(service.client, "fig"), [
      ["kiwi", 2],
      ["pear", 1],
    ]);
  });

  await t.test(
    "Recommend of what nobody bought is what is popular, from a service in TypeScript",
    async (t) => {
      t.same(await recommended(service.client, "fig-leaf"), [
        ["apple", 0],
        ["fig", 0],
        ["kiwi", 0],
      ]);
      t.same(await recommended(service.client, "apple"), [
        ["fig", 0],
        ["kiwi", 0],
      ]);
    },
  );

  await t.test("a bad request is refused with what is wrong", async (t) => {
    const empty = await refused(service.client.recommend({}));
    t.equal(empty.code, Code.InvalidArgument);
    t.match(empty.findDetails(ErrorDetailSchema)[0], {
      code: "SAMSPEL_INVALID_REQUEST",
      metadata: { field: "sku" },
    });
    const much = await refused(service.client.recommend({ sku: "fig", limit: 101 }));
    t.match(much.rawMessage, "limit must be from 1 to 100: current value is 101");
  });

  await t.test("a tell reaches the handler of its calls, and its reply comes back", async (t) => {
    const clients = createClients({ registry: fixedSource(), natsUrl: natsUrl(), topicPrefix: prefix });
    t.teardown(() => clients.close());
    const { tell } = clients.client(RecommendationService);
    const told = await tell.recommend({ sku: "pear", limit: 1 });
    t.match(await told.reply({ timeoutMs: 60_000 }), { recommendations: [{ sku: "fig", carts: 1 }] });
    const wrong = await tell.recommend({ sku: "" });
    const error = await refused(wrong.reply({ timeoutMs: 60_000 }));
    t.equal(error.code, Code.InvalidArgument);
  });

  await t.test("WatchRecommendations sends on change, whichever instance counted", async (t) => {
    const second = await startRecommendations(t, environment);
    const lists = second.client.watchRecommendations({ sku: "lemon" })[Symbol.asyncIterator]();
    const nextList = async (): Promise<Pairs> => {
      const { done, value } = await lists.next();
      if (done === true) throw new Error("the stream ended");
      return value.recommendations.map(({ sku, carts }) => [sku, carts]);
    };
    t.same(await nextList(), [
      ["apple", 0],
      ["fig", 0],
      ["kiwi", 0],
    ]);
    const next = nextList();
    await checkOut("c-2", "lemon", "lime");
    t.same(await next, [["lime", 1]]);
    const last = refused(nextList());
    t.same(await second.stop(), { type: "exited", code: 0 });
    const error = await last;
    t.equal(error.code, Code.Unavailable);
    t.match(error.findDetails(ErrorDetailSchema)[0], { code: "SAMSPEL_DRAINING", retryable: true });
  });

  await t.test("killed and started again it goes on, and counts each checkout once", async (t) => {
    await service.kill();
    await checkOut("c-3", "plum", "sloe");
    service = await startRecommendations(t, environment);
    await checkOut("c-4", "plum", "sloe");
    await until("both were counted", async () => (await recommended(service.client, "plum"))[0]?.[1] === 2);
    t.same(await recommended(service.client, "kiwi"), [
      ["fig", 2],
      ["pear", 1],
    ]);
  });

  t.same(await service.stop(), { type: "exited", code: 0 });
  t.same(service.noise, []);
});

async function registered(id: string): Promise<unknown> {
  const response = await fetch(`${consulUrl()}/v1/agent/service/${id}`);
  return response.ok ? response.json() : undefined;
}

t.test("recommendations is in a real Consul as the contract says, and leaves it", async (t) => {
  const service = await startRecommendations(t, {
    SAMSPEL_SCHEMA: testSchema(t),
    SAMSPEL_TOPIC_PREFIX: testTopicPrefix(t),
  });
  t.match(await registered(service.id), {
    Service: "recommendations",
    Tags: ["grpc", "recommendations.v1.RecommendationService"],
    Meta: { protocols: "grpc", lang: "rust", secure: "false", version: "1.0.0", samspel_contract: "1" },
  });
  const check = await until("Consul has asked its health", async () => {
    const response = await fetch(`${consulUrl()}/v1/agent/checks`);
    // Consul's API says so.
    const checks = (await response.json()) as Readonly<
      Record<string, { readonly Status: string; readonly Output: string }>
    >;
    const own = checks[`service:${service.id}`];
    return own?.Output === "" ? undefined : own;
  });
  t.equal(check?.Status, "passing");
  t.match(check?.Output, "success");
  t.same(await service.stop(), { type: "exited", code: 0 });
  t.equal(await registered(service.id), undefined);
  t.same(service.noise, []);
});

t.test("recommendations keeps the contract, also when it is deregistered and stopped", async (t) => {
  const topicPrefix = testTopicPrefix(t);
  const service = await startRecommendations(t, {
    SAMSPEL_SCHEMA: testSchema(t),
    SAMSPEL_TOPIC_PREFIX: topicPrefix,
  });
  const { broken } = await verified({
    name: "recommendations",
    instance: service.id,
    registryUrl: consulUrl(),
    natsUrl: natsUrl(),
    topicPrefix,
    disruptive: true,
    pid: service.pid,
  });
  // tonic's own health service ends such a watch with an error, and a SHOULD is no reason for another one.
  t.same(Object.keys(broken), ["(HEALTH-5)"]);
  t.same(service.noise, []);
});

t.test("recommendations outlives the loss of Postgres, NATS and the registry", async (t) => {
  const { prefix, checkOut } = await openShop(t, consulUrl());
  const [database, nats, consul] = await Promise.all([
    startTcpProxy(t, databaseUrl()),
    startTcpProxy(t, natsUrl()),
    startTcpProxy(t, consulUrl()),
  ]);
  const service = await startRecommendations(t, {
    SAMSPEL_SCHEMA: testSchema(t),
    SAMSPEL_TOPIC_PREFIX: prefix,
    DATABASE_URL: database.url,
    NATS_URL: nats.url.replace(/\/$/, ""),
    CONSUL_HTTP_ADDR: consul.url,
  });
  const { client, logs, id, noise } = service;
  const counted = (sku: string, carts: number): Promise<boolean> =>
    recommended(client, sku).then(
      (pairs) => pairs[0]?.[1] === carts,
      (error: unknown) => {
        if (ConnectError.from(error).code === Code.Unavailable) return false;
        throw error;
      },
    );

  await database.cut();
  const error = await refused(client.recommend({ sku: "fig" }));
  t.equal(error.code, Code.Unavailable);
  t.match(error.findDetails(ErrorDetailSchema)[0], { code: "SAMSPEL_DATABASE_UNREACHABLE", retryable: true });
  await checkOut("c-1", "fig", "kiwi");
  await until("a message waits for the database", () => logs.some(({ msg }) => msg === "message waits"));
  await database.restore();
  await until("it is counted", () => counted("fig", 1));

  await nats.cut();
  await consul.cut();
  await until("both are missed", () =>
    ["NATS connection lost", "registry away"].every((text) => logs.some(({ msg }) => msg === text)),
  );
  await fetch(`${consulUrl()}/v1/agent/service/deregister/${id}`, { method: "PUT" });
  await checkOut("c-2", "fig", "kiwi");
  await nats.restore();
  await consul.restore();
  await until("the checkout of that time is counted", () => counted("fig", 2));
  await until("it is registered again", () => registered(id));

  t.same(await service.stop(), { type: "exited", code: 0 });
  t.same(noise, []);
});

t.test("recommendations that cannot start says why, once, and exits with 1", async (t) => {
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
      { NATS_URL: "nats://me:secret@127.0.0.1:1" },
      "no NATS server answers at NATS_URL nats://me@127.0.0.1:1: ",
    ],
    [
      "a taken port",
      { SAMSPEL_PORT: port },
      `SAMSPEL_HOST 127.0.0.1, SAMSPEL_PORT ${port} cannot be listened on: Address already in use`,
    ],
    ["identity", { SAMSPEL_IDENTITY: "consul" }, "SAMSPEL_IDENTITY must be none for a service in Rust"],
  ];
  await Promise.all(
    cases.map(async ([name, environment, message]) => {
      const error: unknown = await startRecommendations(t, { SAMSPEL_SCHEMA: schema, ...environment }).catch(
        (error: unknown) => error,
      );
      const text = error instanceof Error ? error.message : "it started";
      const lines = JSON.parse(text.replace("it ended: ", "")) as ReadonlyArray<{
        level: string;
        msg: string;
      }>;
      t.equal(lines.length, 1, `${name}: one line`);
      t.match(lines[0], { level: "fatal", msg: `Cannot start recommendations as ${message}` }, name);
      t.notMatch(text, "secret", name);
    }),
  );
});
