import t from "tap";
import { resolveRegistration } from "./resolve.ts";

const base = { name: "orders", address: "10.0.0.7", port: 80, protoServices: ["orders.v1.OrderService"] };

t.test("resolveRegistration() says what the joining contract asks for (R1, R2)", async (t) => {
  t.same(resolveRegistration({ ...base, version: "1", meta: { team: "a", lang: "overridden" } }), {
    id: "orders-10-0-0-7-80",
    name: "orders",
    address: "10.0.0.7",
    port: 80,
    tags: ["grpc", "orders.v1.OrderService"],
    meta: {
      team: "a",
      protocols: "grpc",
      version: "1",
      zone: "",
      lang: "",
      secure: "false",
      samspel_contract: "1",
    },
    weights: { passing: 1, warning: 1 },
    connectNative: false,
    healthPort: undefined,
    check: { type: "grpc", intervalMs: 5_000, timeoutMs: 2_000 },
    deregisterCriticalAfterMs: 60_000,
  });
});

t.test("resolveRegistration() refuses what Consul would, before anything is sent", async (t) => {
  const refused = [
    { ...base, name: "orders.v1" },
    { ...base, name: "Orders" },
    { ...base, name: "o".repeat(64) },
    { ...base, address: "" },
    { ...base, port: 0 },
    { ...base, meta: { "a.b": "" } },
    { ...base, meta: { long: "x".repeat(513) } },
    { ...base, meta: Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`k${index}`, ""])) },
  ];
  for (const registration of refused) {
    t.throws(() => resolveRegistration(registration), {
      code: "SAMSPEL_INVALID_CONFIGURATION",
      message: /^Cannot register with .* as it must be/,
    });
  }
});
