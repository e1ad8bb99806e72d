// Checks: the four kinds, and how they replace each other.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Test } from "tap";
import { at, uniqueName, type ConsulApi } from "./consul-api.ts";
import { eventually } from "../../support/eventually.ts";
import { startHealthServer } from "./health-server.ts";

const statusOf = async (api: ConsulApi, checkId: string): Promise<unknown> =>
  at((await api.get("/agent/checks")).json, checkId, "Status");

const becomes = (api: ConsulApi, checkId: string, status: string): Promise<void> =>
  eventually(`${checkId} is ${status}`, async () => assert.equal(await statusOf(api, checkId), status));

export function checkCases(t: Test, api: ConsulApi): readonly Promise<unknown>[] {
  const register = async (t: Test, name: string, check: object): Promise<void> => {
    const answer = await api.put("/agent/service/register", {
      Name: name,
      Check: { CheckID: `service:${name}`, ...check },
    });
    assert.equal(answer.status, 200, answer.text);
    t.teardown(() => api.put(`/agent/service/deregister/${name}`));
  };
  return [
    t.test("a TTL check is what its owner says, and critical when the owner is silent", async (t) => {
      const name = uniqueName("ttl");
      const id = `service:${name}`;
      await register(t, name, { TTL: "30s" });
      t.equal(await statusOf(api, id), "critical", "it starts as critical");
      await api.put(`/agent/check/pass/${id}?note=fine`);
      t.match(at((await api.get("/agent/checks")).json, id), {
        Status: "passing",
        Output: "fine",
        Type: "ttl",
      });
      await api.put(`/agent/check/warn/${id}`);
      t.equal(await statusOf(api, id), "warning");
      t.same((await api.get(`/health/service/${name}?passing`)).json, [], "a warning does not pass");
      await api.put(`/agent/check/update/${id}`, { Status: "passing", Output: "again" });
      t.match((await api.get(`/health/checks/${name}`)).json, [
        { CheckID: id, Status: "passing", ServiceName: name },
      ]);
      await api.put(`/agent/check/fail/${id}`);
      t.equal(await statusOf(api, id), "critical");

      t.equal((await api.put(`/agent/check/update/${id}`, { Status: "bogus" })).status, 400);
      t.match(await api.put("/agent/check/pass/nobody"), { status: 404, text: /Unknown check ID "nobody"/ });

      const silent = uniqueName("silent");
      await register(t, silent, { TTL: "300ms", Status: "passing" });
      t.equal(await statusOf(api, `service:${silent}`), "passing");
      await becomes(api, `service:${silent}`, "critical");
    }),

    t.test(
      "a check registered again keeps its status, and others go only if that is asked for",
      async (t) => {
        const name = uniqueName("again");
        await register(t, name, { TTL: "30s" });
        await api.put(`/agent/check/pass/service:${name}`);
        await register(t, name, { TTL: "30s" });
        t.equal(await statusOf(api, `service:${name}`), "passing");

        const other = { Name: name, Check: { CheckID: `other:${name}`, TTL: "30s", Status: "passing" } };
        await api.put("/agent/service/register", other);
        t.equal(await statusOf(api, `service:${name}`), "passing", "the former check stays");
        await api.put("/agent/service/register?replace-existing-checks=true", other);
        t.equal(await statusOf(api, `service:${name}`), undefined, "the former check went");
        t.equal(await statusOf(api, `other:${name}`), "passing");
      },
    ),

    t.test("a check of its own is registered, tied to a service, and deregistered", async (t) => {
      const name = uniqueName("extra");
      await api.put("/agent/service/register", { Name: name });
      t.teardown(() => api.put(`/agent/service/deregister/${name}`));
      const id = `extra:${name}`;
      const check = { ID: id, Name: "extra", TTL: "30s", ServiceID: name };
      t.equal((await api.put("/agent/check/register", check)).status, 200);
      t.same((await api.get(`/health/service/${name}?passing`)).json, []);
      t.match(await api.put("/agent/check/register", { ...check, ServiceID: "nobody" }), { status: 404 });
      t.ok(
        JSON.stringify((await api.get("/health/state/critical")).json).includes(id),
        "it shows among the critical ones",
      );
      t.equal((await api.put(`/agent/check/deregister/${id}`)).status, 200);
      t.equal((await api.put(`/agent/check/deregister/${id}`)).status, 404);
      t.equal(at((await api.get(`/health/service/${name}?passing`)).json, 0, "Service", "ID"), name);
    }),

    t.test("a gRPC check follows grpc.health.v1, and the server's end", async (t) => {
      const server = await startHealthServer("checked");
      t.teardown(() => server.close());
      const name = uniqueName("grpc");
      const id = `service:${name}`;
      await register(t, name, {
        GRPC: `127.0.0.1:${server.port}/orders.v1.OrderService`,
        Interval: "1s",
        Timeout: "1s",
      });
      await becomes(api, id, "passing");
      t.equal(
        (await api.put(`/agent/check/pass/${id}`)).status >= 400,
        true,
        "only a TTL check takes reports",
      );
      server.setServing(false);
      await becomes(api, id, "critical");
      server.setServing(true);
      await becomes(api, id, "passing");
      await server.close();
      await becomes(api, id, "critical");
    }),

    t.test("an HTTP check passes on 2xx, warns on 429 and fails on the rest", async (t) => {
      let status = 200;
      const server = createServer((_request, response) => response.writeHead(status).end());
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      t.teardown(() => {
        server.closeAllConnections();
        server.close();
      });
      const { port } = server.address() as AddressInfo;
      const name = uniqueName("http");
      await register(t, name, { HTTP: `http://127.0.0.1:${port}/`, Interval: "1s", Timeout: "1s" });
      await becomes(api, `service:${name}`, "passing");
      status = 429;
      await becomes(api, `service:${name}`, "warning");
      status = 503;
      await becomes(api, `service:${name}`, "critical");
    }),

    t.test("a TCP check passes while the port accepts", async (t) => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      const name = uniqueName("tcp");
      await register(t, name, { TCP: `127.0.0.1:${port}`, Interval: "1s", Timeout: "1s" });
      await becomes(api, `service:${name}`, "passing");
      await new Promise((resolve) => server.close(resolve));
      await becomes(api, `service:${name}`, "critical");
    }),
  ];
}
