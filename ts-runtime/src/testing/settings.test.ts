import t from "tap";
import { cart } from "../../../examples/shopping-cart/cart/cart.ts";
import { CartTopics } from "../../../examples/shopping-cart/gen/cart/v1/cart_topics_pb.ts";
import { subscribe } from "../topic/index.ts";
import { requireInfra, resolveInfra } from "./settings.ts";

t.test("resolveInfra() takes the option, else the test run's variable, else the service's", async (t) => {
  const service = { DATABASE_URL: "postgres://service", NATS_URL: "nats://service" };
  const test = { ...service, TEST_DATABASE_URL: "postgres://test", TEST_NATS_URL: "nats://test" };
  t.match(resolveInfra({}, service), { databaseUrl: "postgres://service", natsUrl: "nats://service" });
  t.match(resolveInfra({}, test), { databaseUrl: "postgres://test", natsUrl: "nats://test" });
  t.match(resolveInfra({ databaseUrl: "postgres://option", natsUrl: "nats://option" }, test), {
    databaseUrl: "postgres://option",
    natsUrl: "nats://option",
  });
  t.match(resolveInfra({}, { TEST_DATABASE_URL: "", ...service }), { databaseUrl: "postgres://service" });
  t.match(resolveInfra({}, {}), { databaseUrl: undefined, natsUrl: undefined, logLevel: "error" });
  t.match(resolveInfra({}, { LOG_LEVEL: "debug" }), { logLevel: "debug" });
});

t.test("requireInfra() names what is missing, and how to get it", async (t) => {
  const none = resolveInfra({}, {});
  t.throws(() => requireInfra("cart", { entities: [cart] }, none), {
    code: "SAMSPEL_INVALID_CONFIGURATION",
    message:
      /^Cannot start test service cart as entities, topics and projections need Postgres: set databaseUrl, TEST_DATABASE_URL or DATABASE_URL to postgres:/,
  });
  const listening = {
    subscriptions: [subscribe(CartTopics.method.checkedOut, { group: "g", handler: () => {} })],
  };
  t.throws(() => requireInfra("cart", listening, none), {
    message:
      /^Cannot start test service cart as topics and subscriptions need NATS with JetStream: set natsUrl, /,
  });
  requireInfra("cart", {}, none);
  requireInfra("cart", { entities: [cart] }, resolveInfra({}, { DATABASE_URL: "postgres://a" }));
});
