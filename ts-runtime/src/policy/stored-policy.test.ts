import t from "tap";
import { SamspelError } from "../errors/index.ts";
import { parseStored, printStored } from "./stored-policy.ts";

const at = { key: "samspel/policy/shop.v1.Cart", protoService: "shop.v1.Cart" };

function read(config: unknown): ReturnType<typeof parseStored> {
  return parseStored(JSON.stringify(config), at);
}

function refusal(text: string): string {
  try {
    parseStored(text, at);
  } catch (error) {
    if (error instanceof SamspelError && error.code === "SAMSPEL_INVALID_CONFIGURATION") return error.message;
    throw error;
  }
  throw new Error(`${text} was not refused`);
}

t.test("parseStored() reads gRPC's words for what they mean here, and ours beside them", async (t) => {
  const { calls, instances, methods } = read({
    loadBalancingConfig: [{ unheard_of: {} }, { round_robin: {} }],
    methodConfig: [
      {
        name: [{ service: "shop.v1.Cart" }],
        timeout: "1.5s",
        waitForReady: true,
        retryPolicy: {
          maxAttempts: 4,
          initialBackoff: "0.05s",
          maxBackoff: "1s",
          backoffMultiplier: 2,
          retryableStatusCodes: ["UNAVAILABLE"],
        },
        samspel: { breaker: { failureRatio: 0.3 }, bulkhead: { maxInFlight: 0 } },
      },
      {
        name: [
          { service: "shop.v1.Cart", method: "Get" },
          { service: "shop.v1.Cart", method: "List" },
        ],
        hedgingPolicy: { maxAttempts: 3, hedgingDelay: "0.02s", nonFatalStatusCodes: ["UNAVAILABLE"] },
        maxRequestMessageBytes: 1024,
        samspel: { timeoutMs: 0 },
      },
    ],
    samspel: { instances: { subsetSize: 20, ejection: { enabled: false } } },
  });
  t.same(Object.fromEntries(calls), {
    timeoutMs: 1_500,
    waitForReady: true,
    "retry.maxAttempts": 4,
    "retry.initialBackoffMs": 50,
    "retry.maxBackoffMs": 1_000,
    "breaker.failureRatio": 0.3,
    "breaker.enabled": true,
    "bulkhead.maxInFlight": Infinity,
    balancing: "round-robin",
  });
  t.same(Object.fromEntries(instances), { subsetSize: 20, "ejection.enabled": false });
  t.same([...methods.keys()], ["Get", "List"]);
  t.same(Object.fromEntries(methods.get("List") ?? []), {
    "hedge.maxAttempts": 3,
    "hedge.delayMs": 20,
    "hedge.enabled": true,
    "server.maxRequestBytes": 1024,
    timeoutMs: Infinity,
  });
});

t.test(
  "parseStored() refuses what it does not understand, and says which key, which field and what it must be",
  async (t) => {
    const entry = (words: object): string =>
      JSON.stringify({ methodConfig: [{ name: [{ service: "shop.v1.Cart" }], ...words }] });
    const cases: readonly (readonly [string, RegExp])[] = [
      ["{", /^The policy samspel\/policy\/shop\.v1\.Cart is no JSON: /],
      ["[]", /it must be an object, a gRPC service config/],
      [
        `{"retryThrottling": {}}`,
        /has no field retryThrottling: there are methodConfig, loadBalancingConfig, samspel/,
      ],
      [`{"methodConfig": {}}`, /methodConfig must be a list/],
      [
        `{"methodConfig": [{}]}`,
        /methodConfig\[0\]\.name must be a list such as \[\{"service": "shop\.v1\.Cart"\}\]/,
      ],
      [
        `{"methodConfig": [{"name": [{"service": "other.v1.S"}]}]}`,
        /methodConfig\[0\]\.name must be \{"service": "shop\.v1\.Cart"\}.*: current value is \{"service":"other\.v1\.S"\}/,
      ],
      [
        entry({ timeout: "soon" }),
        /methodConfig\[0\] cannot be: timeout must be a duration such as "0\.5s": current value is "soon"/,
      ],
      [
        entry({ timeout: "0.0005s" }),
        /timeout must be an integer from 1 to 99999999 \(milliseconds\), or 0 for none/,
      ],
      [entry({ timout: "1s" }), /has no field timout: there are name, timeout, /],
      [
        entry({ retryPolicy: { maxAttempts: 11 } }),
        /retryPolicy\.maxAttempts must be an integer from 1 to 10: current value is 11/,
      ],
      [
        entry({ retryPolicy: { backoffMultiplier: 3 } }),
        /backoffMultiplier must be 2: each wait is twice the one before/,
      ],
      [entry({ retryPolicy: { retryableStatusCodes: ["INTERNAL"] } }), /must be \["UNAVAILABLE"\]/],
      [entry({ retryPolicy: {}, hedgingPolicy: {} }), /no method with both retryPolicy and hedgingPolicy/],
      [
        entry({ samspel: { breaker: { failureRatio: 0 } } }),
        /samspel\.breaker\.failureRatio must be a number above 0 and at most 1/,
      ],
      [entry({ samspel: { breaker: 1 } }), /samspel\.breaker must be an object: current value is 1/],
      [entry({ samspel: { brake: {} } }), /has no field samspel\.brake: there are samspel\.timeoutMs, /],
      [entry({ timeout: "1s", samspel: { timeoutMs: 2 } }), /timeoutMs is said twice/],
      [
        entry({ samspel: { balancing: "best" } }),
        /samspel\.balancing must be one of least-loaded, round-robin, by-key: current value is "best"/,
      ],
      [
        entry({ retryPolicy: { initialBackoff: "1s" }, samspel: { retry: { maxBackoffMs: 10 } } }),
        /retry\.initialBackoffMs must be at most retry\.maxBackoffMs, which is 10: current value is 1000/,
      ],
      [
        `{"loadBalancingConfig": [{"pick_first": {}}]}`,
        /loadBalancingConfig must be a list with one of samspel_least_loaded, /,
      ],
      [
        `{"samspel": {"instances": {"preferZone": 1}}}`,
        /samspel\.instances\.preferZone must be true or false: current value is 1/,
      ],
      [`{"samspel": {"calls": {}}}`, /has no field samspel\.calls: there are samspel\.instances/],
      [
        `{"methodConfig": [{"name": [{"service": "shop.v1.Cart", "method": "A"}, {"service": "shop.v1.Cart", "method": "A"}]}]}`,
        /is about A, and so is one before it/,
      ],
    ];
    for (const [text, why] of cases) t.match(refusal(text), why, text);
  },
);

t.test(
  "printStored() says retries in our words: in gRPC's, stock clients would repeat what is not safe to repeat",
  async (t) => {
    const calls = new Map([
      ["timeoutMs", 250],
      ["retry.maxAttempts", 5],
    ]);
    t.same(JSON.parse(printStored({ calls, instances: new Map(), methods: new Map() }, "shop.v1.Cart")), {
      methodConfig: [
        { name: [{ service: "shop.v1.Cart" }], timeout: "0.25s", samspel: { retry: { maxAttempts: 5 } } },
      ],
    });
  },
);
