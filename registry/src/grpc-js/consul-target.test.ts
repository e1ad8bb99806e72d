import t from "tap";
import { parseConsulTarget } from "./consul-target.ts";

t.test("parseConsulTarget() reads registry, proto service and which instances", async (t) => {
  t.same(parseConsulTarget({ authority: "", path: "orders.v1.OrderService" }), {
    authority: undefined,
    protoService: "orders.v1.OrderService",
    query: { tags: [], meta: {} },
  });
  t.same(
    parseConsulTarget({
      authority: "10.0.0.7:8500",
      path: "orders.v1.OrderService?version=2&tag=canary&tag=a%2Fb&zone=eu&dc=dc2&failover=dc3&failover=dc4",
    }),
    {
      authority: "10.0.0.7:8500",
      protoService: "orders.v1.OrderService",
      query: {
        tags: ["canary", "a/b"],
        meta: { version: "2", zone: "eu" },
        datacenter: "dc2",
        failoverDatacenters: ["dc3", "dc4"],
      },
    },
  );
});

t.test("parseConsulTarget() refuses what would find nothing, or all", async (t) => {
  for (const path of ["", "not a name", "a..B", "orders.v1.OrderService/x"]) {
    t.throws(() => parseConsulTarget({ path }), { name: "TypeError", message: /full proto service name/ });
  }
  for (const path of ["a.B?version=", "a.B?=2", "a.B?tag"]) {
    t.throws(() => parseConsulTarget({ path }), { name: "TypeError", message: /must have a value/ });
  }
});
