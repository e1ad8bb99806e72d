// Services of this runtime keep the joining contract, and so does Python's example.
import { createClients } from "@samspel/runtime";
import { createRegistry } from "@samspel/registry";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import t from "tap";
import { CounterService } from "../../../gen/samspel/test/v1/counter_pb.ts";
import { inventoryPython, startInventory } from "../../../interop/python/inventory-process.ts";
import { consulUrl, natsUrl } from "../../../support/environment.ts";
import { startFaultyService } from "../../../support/faulty-service.ts";
import { testSchema, testTopicPrefix } from "../../../support/isolation.ts";
import { verified } from "../../../support/joining/verified.ts";
import { until } from "../../../support/until.ts";

/** What only a service that is told so, that has TLS or that runs in a process of its own can be looked at for. */
const outOfSight = ["CALL-6", "CHECK-5", "DRAIN-1", "DRAIN-2", "IDENT-1", "IDENT-2", "IDENT-3", "IDENT-6"];

t.test("a service of this runtime keeps the contract, in Consul and in the embedded registry", async (t) => {
  await using embedded = await startEmbeddedRegistry({ port: 0 });
  for (const registryUrl of [consulUrl(), embedded.url]) {
    const topicPrefix = testTopicPrefix(t);
    const counting = await startFaultyService(t, { registryUrl, topicPrefix, zone: "eu-1" });
    await counting.countUp("c-1", 2);
    await until("the topic is consumed", () => counting.handled.length === 2);
    await using registry = createRegistry({ url: registryUrl });
    await using clients = createClients({ registry, natsUrl: natsUrl(), topicPrefix });
    const receipt = await clients.client(CounterService).tell.reset({ counterId: "c-1" });
    await receipt.reply();
    const { broken, skipped } = await verified({
      name: counting.service.name,
      registryUrl,
      natsUrl: natsUrl(),
      topicPrefix,
      groups: ["watcher"],
      disruptive: true,
    });
    t.same(broken, {});
    t.same(Object.keys(skipped).toSorted(), outOfSight);
    // Others have the same proto service in this Consul.
    using watch = registry.watch(CounterService.typeName);
    const instance = await until("it is found", () =>
      watch.current.find(({ port }) => port === counting.service.port),
    );
    t.match(instance.meta, { zone: "eu-1", samspel_contract: "1" });
  }
});

t.test("a service of this runtime that has an identity keeps the contract", async (t) => {
  const topicPrefix = testTopicPrefix(t);
  await startFaultyService(t, { name: "guarded", registryUrl: consulUrl(), topicPrefix, identity: "consul" });
  const { broken, findings } = await verified({ name: "guarded", registryUrl: consulUrl() });
  t.same(broken, {});
  const passed = findings.filter(
    ({ rule, outcome }) => rule.startsWith("IDENT") && outcome.type === "passed",
  );
  t.equal(passed.length, 4);
});

t.test("Python's inventory keeps the contract, from its registration to its end", async (t) => {
  const topicPrefix = testTopicPrefix(t);
  const python = await inventoryPython(t);
  const inventory = await startInventory(t, python, {
    SAMSPEL_SCHEMA: testSchema(t),
    SAMSPEL_TOPIC_PREFIX: topicPrefix,
  });
  const instance = `inventory-127-0-0-1-${new URL(inventory.url).port}`;
  // It says that it is ready while it registers.
  await until("inventory is registered", async () => {
    const { status } = await fetch(`${consulUrl()}/v1/agent/service/${instance}`);
    return status === 200;
  });
  const { broken } = await verified({
    name: "inventory",
    instance,
    registryUrl: consulUrl(),
    natsUrl: natsUrl(),
    topicPrefix,
    disruptive: true,
  });
  t.same(broken, {});
});
