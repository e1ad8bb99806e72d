import t from "tap";
import { cart } from "../../../examples/shopping-cart/cart/cart.ts";
import { CartTopics } from "../../../examples/shopping-cart/gen/cart/v1/cart_topics_pb.ts";
import { subscribe } from "../topic/index.ts";
import { requireInfra, resolveInfraOptions } from "./settings.ts";

t.test(
  "resolveInfraOptions() takes the option, else the test run's variable, else the service's",
  async (t) => {
    const service = { DATABASE_URL: "postgres://service", NATS_URL: "nats://service" };
    const test = { ...service, TEST_DATABASE_URL: "postgres://test", TEST_NATS_URL: "nats://test" };
    t.match(resolveInfraOptions({}, service), {
      databaseUrl: "postgres://service",
      natsUrl: "nats://service",
    });
    t.match(resolveInfraOptions({}, test), { databaseUrl: "postgres://test", natsUrl: "nats://test" });
    t.match(resolveInfraOptions({ databaseUrl: "postgres://option", natsUrl: "nats://option" }, test), {
      databaseUrl: "postgres://option",
      natsUrl: "nats://option",
    });
    t.match(resolveInfraOptions({}, { TEST_DATABASE_URL: "", ...service }), {
      databaseUrl: "postgres://service",
    });
    t.match(resolveInfraOptions({}, {}), { databaseUrl: undefined, natsUrl: undefined, logLevel: "error" });
    t.match(resolveInfraOptions({}, { LOG_LEVEL: "debug" }), { logLevel: "debug" });
  },
);

t.test("requireInfra() names what is missing, and how to get it", async (t) => {
  const none = resolveInfraOptions({}, {});
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
  requireInfra("cart", { entities: [cart] }, resolveInfraOptions({}, { DATABASE_URL: "postgres://a" }));
});
