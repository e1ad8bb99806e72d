// Services: how they come, show and go.
import type { Test } from "tap";
import { at, count, uniqueName, type ConsulApi } from "./consul-api.ts";

export function agentCases(t: Test, api: ConsulApi): readonly Promise<unknown>[] {
  return [
    t.test(
      "a registered service shows in the agent, the catalog and health until it is deregistered",
      async (t) => {
        const name = uniqueName("orders");
        const id = `${name}-1`;
        const registered = await api.put("/agent/service/register", {
          Name: name,
          ID: id,
          Address: "127.0.0.1",
          Port: 4000,
          Tags: ["grpc", "orders.v1.OrderService"],
          Meta: { lang: "ts" },
        });
        t.equal(registered.status, 200);

        const agent = await api.get(`/agent/service/${id}`);
        t.match(agent.json, {
          ID: id,
          Service: name,
          Address: "127.0.0.1",
          Port: 4000,
          Tags: ["grpc", "orders.v1.OrderService"],
          Meta: { lang: "ts" },
          Weights: { Passing: 1, Warning: 1 },
          ContentHash: agent.headers.get("x-consul-contenthash"),
        });
        t.match(at((await api.get("/agent/services")).json, id), { ID: id, Service: name });
        t.same(await tagsOf(api, name), ["grpc", "orders.v1.OrderService"]);
        t.match((await api.get(`/catalog/service/${name}`)).json, [
          {
            ServiceID: id,
            ServiceName: name,
            ServiceAddress: "127.0.0.1",
            ServicePort: 4000,
            ServiceMeta: { lang: "ts" },
          },
        ]);
        const health = await api.get(`/health/service/${name.toUpperCase()}?passing=1`);
        t.match(
          health.json,
          [
            {
              Node: { Datacenter: "dc1" },
              Service: { ID: id, Service: name, Port: 4000 },
              Checks: [{ CheckID: "serfHealth" }],
            },
          ],
          "without a check of its own it passes; names have no case",
        );

        t.equal((await api.put(`/agent/service/deregister/${id}`)).status, 200);
        t.equal((await api.get(`/agent/service/${id}`)).status, 404);
        t.equal(at((await api.get("/catalog/services")).json, name), undefined);
        t.same((await api.get(`/health/service/${name}`)).json, []);
      },
    ),

    t.test("a request that makes no sense is refused by name", async (t) => {
      const unknown = await api.put("/agent/service/register", { Name: uniqueName("x"), Bogus: 1 });
      t.match(unknown, { status: 400, text: /unknown field "Bogus"/ });
      const nested = await api.put("/agent/service/register", {
        Name: uniqueName("x"),
        Check: { TTL: "5s", Bogus: 1 },
      });
      t.match(nested, { status: 400, text: /unknown field "Bogus"/ });
      t.match(await api.put("/agent/service/register", { Port: 1 }), {
        status: 400,
        text: /Missing service name/,
      });
      t.match(await api.put("/agent/service/register", "{"), { status: 400, text: /Request decode failed/ });
      t.match(await api.put("/agent/service/register", { Name: uniqueName("x"), Meta: { "a.b": "dot" } }), {
        status: 400,
        text: /Invalid Service Meta/,
      });
      t.equal(
        (await api.put("/agent/service/register", { Name: uniqueName("x"), Address: "0.0.0.0" })).status,
        400,
      );
      t.match(await api.put("/agent/service/deregister/nobody"), {
        status: 404,
        text: /Unknown service ID "nobody"/,
      });
      t.match(await api.get("/agent/service/nobody"), { status: 404, text: /unknown service ID: nobody/ });
      t.equal((await api.get("/nowhere")).status, 404);
      t.equal((await api.put("/catalog/services")).status, 405);
    }),

    t.test("health and the catalog filter by tag", async (t) => {
      const name = uniqueName("tagged");
      await api.put("/agent/service/register", {
        Name: name,
        ID: `${name}-1`,
        Port: 1,
        Tags: ["grpc", "a.A"],
      });
      await api.put("/agent/service/register", {
        Name: name,
        ID: `${name}-2`,
        Port: 2,
        Tags: ["grpc", "b.B"],
      });
      t.teardown(() => Promise.all([1, 2].map((n) => api.put(`/agent/service/deregister/${name}-${n}`))));
      const only = await api.get(`/health/service/${name}?tag=b.B`);
      t.equal(count(only.json), 1);
      t.equal(at(only.json, 0, "Service", "ID"), `${name}-2`);
      t.equal(
        count((await api.get(`/health/service/${name}?tag=grpc&tag=a.A`)).json),
        1,
        "all tags must be there",
      );
      t.equal(at((await api.get(`/catalog/service/${name}?tag=a.A`)).json, 0, "ServiceID"), `${name}-1`);
      t.same(await tagsOf(api, name), ["a.A", "b.B", "grpc"], "the catalog unites the tags of the instances");
    }),

    t.test("maintenance takes an instance out of the passing ones, and back", async (t) => {
      const name = uniqueName("maintained");
      await api.put("/agent/service/register", { Name: name });
      t.teardown(() => api.put(`/agent/service/deregister/${name}`));
      t.equal((await api.put(`/agent/service/maintenance/${name}`)).status, 400);
      t.equal((await api.put(`/agent/service/maintenance/${name}?enable=true&reason=why`)).status, 200);
      t.same((await api.get(`/health/service/${name}?passing`)).json, []);
      t.match((await api.get(`/health/checks/${name}`)).json, [
        { CheckID: `_service_maintenance:${name}`, Status: "critical", Notes: "why" },
      ]);
      await api.put(`/agent/service/maintenance/${name}?enable=false`);
      t.equal(count((await api.get(`/health/service/${name}?passing`)).json), 1);
    }),

    t.test("the registry says which it is", async (t) => {
      t.match(await api.get("/status/leader"), { status: 200, json: /./ });
      t.match((await api.get("/agent/self")).json, { Config: { Datacenter: "dc1", Version: /^\d+\.\d+/ } });
      t.match((await api.get("/catalog/nodes")).json, [{ Node: String, Address: String }]);
    }),
  ];
}

/** A service's tags in the catalog, which has them in any order. */
async function tagsOf(api: ConsulApi, name: string): Promise<readonly string[]> {
  const tags = at((await api.get("/catalog/services")).json, name);
  return Array.isArray(tags) ? tags.map(String).sort() : [];
}
