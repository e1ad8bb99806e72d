// Two real datacenters, joined: instances are found in another one when it is asked for, and used while the own one
// has none.
import assert from "node:assert/strict";
import { createRegistry, type RegistryEvent } from "@samspel/registry";
import t from "tap";
import { consulAgent } from "../../support/consul-agent.ts";
import { eventually } from "../../support/eventually.ts";
import { until } from "../../support/until.ts";

const protoService = "orders.v1.OrderService";

t.test("watch() looks in other datacenters, and fails over to them and back", async (t) => {
  const one = await consulAgent(t, { name: "one", wan: true, args: ["-dev", "-datacenter=dc1"] });
  await one.start();
  const two = await consulAgent(t, {
    name: "two",
    wan: true,
    args: ["-dev", "-datacenter=dc2", `-retry-join-wan=127.0.0.1:${one.wanPort}`, "-retry-interval-wan=1s"],
  });
  await two.start();
  await until(
    "the two are joined",
    async () => {
      const response = await fetch(`${one.url}/v1/catalog/services?dc=dc2`);
      return response.ok;
    },
    60_000,
  );

  const [here, there] = [createRegistry({ url: one.url }), createRegistry({ url: two.url })];
  const events: RegistryEvent[] = [];
  const calling = createRegistry({
    url: one.url,
    failoverDatacenters: ["dc2"],
    onEvent: (event) => events.push(event),
  });
  t.teardown(() => Promise.all([calling.close(), here.close(), there.close()]));
  const registration = {
    name: "orders",
    address: "127.0.0.1",
    protoServices: [protoService],
    check: { type: "none" },
  } as const;
  const near = await here.register({ ...registration, port: 1 });
  const far = await there.register({ ...registration, port: 2 });

  using watch = calling.watch(protoService);
  const places = (): readonly string[] => watch.current.map(({ datacenter }) => datacenter);
  await eventually("the own one is used", () => assert.deepEqual(places(), ["dc1"]));
  t.match(await calling.resolve(protoService, { datacenter: "dc2" }), [{ id: far.id, datacenter: "dc2" }]);

  await near.deregister();
  await eventually("the other one is used", () => assert.deepEqual(places(), ["dc2"]));
  t.equal(watch.status.type, "live", "without waiting for the grace");
  await here.register({ ...registration, port: 3 });
  await eventually("the own one is used again", () => assert.deepEqual(places(), ["dc1"]));
  t.ok(events.some((event) => event.type === "failover" && event.datacenter === "dc2"));
  t.ok(events.some(({ type }) => type === "failback"));

  using unknown = calling.watch(protoService, { datacenter: "atlantis" });
  await eventually("an unknown datacenter is told by name", () => {
    assert.equal(unknown.status.type, "unreachable");
    assert.match(String(Object(unknown.status).error), /in atlantis: .*No path to datacenter/);
  });
});
