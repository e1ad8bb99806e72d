import * as fc from "fast-check";
import t from "tap";
import { readStockConfig } from "./service-config.ts";

const service = "shop.v1.Cart";

t.test(
  "readStockConfig() gives gRPC's words as grpc-js has them, and what is said of all to each method as well",
  async (t) => {
    const text = JSON.stringify({
      loadBalancingConfig: [{ samspel_least_loaded: {} }],
      methodConfig: [
        {
          name: [{ service }],
          timeout: "2s",
          retryPolicy: { maxAttempts: 4 },
          samspel: { retry: { attemptTimeoutMs: 5 } },
        },
        {
          name: [{ service, method: "Get" }],
          timeout: "0.5s",
          waitForReady: true,
          maxRequestMessageBytes: 1024,
          hedgingPolicy: { hedgingDelay: "0.02s", nonFatalStatusCodes: [14] },
        },
        { name: [{ service, method: "Put" }], retryPolicy: { maxAttempts: 1 } },
      ],
    });
    const retryPolicy = {
      maxAttempts: 4,
      initialBackoff: "0.025s",
      maxBackoff: "0.25s",
      backoffMultiplier: 2,
      retryableStatusCodes: ["UNAVAILABLE"],
    };
    t.same(readStockConfig(text, service), {
      loadBalancingConfig: [{ samspel_least_loaded: {} }, { round_robin: {} }],
      methodConfig: [
        {
          name: [{ service, method: "Get" }],
          timeout: { seconds: 0, nanos: 500_000_000 },
          waitForReady: true,
          maxRequestBytes: 1024,
          hedgingPolicy: { maxAttempts: 2, hedgingDelay: "0.02s", nonFatalStatusCodes: ["UNAVAILABLE"] },
        },
        { name: [{ service, method: "Put" }], timeout: { seconds: 2, nanos: 0 } },
        { name: [{ service }], timeout: { seconds: 2, nanos: 0 }, retryPolicy },
      ],
    });
  },
);

t.test("readStockConfig() reads nothing of what gRPC would not take", async (t) => {
  for (const entry of [
    { timeout: "soon" },
    { retryPolicy: { maxAttempts: "3" } },
    { retryPolicy: { retryableStatusCodes: [] } },
    { hedgingPolicy: { hedgingDelay: 5 } },
  ]) {
    const text = JSON.stringify({ methodConfig: [{ name: [{ service }], ...entry }] });
    t.equal(readStockConfig(text, service), undefined, text);
  }
  t.equal(readStockConfig("{", service), undefined);
  t.same(readStockConfig("{}", service), { methodConfig: [], loadBalancingConfig: undefined });
});

t.test("readStockConfig() never throws, whatever stands there (no channel dies of a value)", async () => {
  const word = fc.constantFrom(
    "name",
    "timeout",
    "retryPolicy",
    "hedgingPolicy",
    "maxAttempts",
    "method",
    "__proto__",
  );
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.jsonValue({ maxDepth: 1 }),
      fc.array(tie("value"), { maxLength: 2 }),
      fc.dictionary(word, tie("value"), { maxKeys: 3 }),
    ),
  })).value;
  const config = fc.oneof(
    fc.string(),
    fc.json(),
    fc.record({ methodConfig: fc.array(value), loadBalancingConfig: value }),
  );
  fc.assert(
    fc.property(config, (given) => {
      readStockConfig(typeof given === "string" ? given : JSON.stringify(given), service);
    }),
  );
});
