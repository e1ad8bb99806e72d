import type { DescMethod } from "@bufbuild/protobuf";
import type { StoredValue, ValuesWatch } from "@samspel/registry";
import t from "tap";
import {
  BackwardsService,
  EjectsAllService,
  NoAttemptsService,
  PolicedService,
  UnsafeHedgeService,
} from "../../../test/gen/samspel/test/v1/policed_pb.ts";
import { EchoService } from "../../../test/gen/samspel/test/v1/echo_pb.ts";
import { recordingLogger } from "../../../test/support/recording-logger.ts";
import { policyFor, type PolicyConfiguration } from "./configuration.ts";
import { defaultCallPolicy, defaultServicePolicy } from "./defaults.ts";
import { openPolicies } from "./open-policies.ts";

const { look, peek, change, follow } = PolicedService.method;

/** A registry of which a test says what it answers. */
function fakeValues() {
  const listeners = new Set<() => void>();
  let current: ReadonlyMap<string, StoredValue> | undefined;
  let watches = 0;
  const watch: ValuesWatch = {
    get current() {
      return current;
    },
    get status() {
      return current === undefined ? "waiting" : "live";
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    [Symbol.dispose]: () => listeners.clear(),
  };
  return {
    values: {
      watch: () => {
        watches += 1;
        return watch;
      },
    },
    watches: () => watches,
    say(values: Readonly<Record<string, unknown>>) {
      current = new Map(
        Object.entries(values).map(([name, value], version) => {
          const key = `samspel/policy/${name}`;
          return [key, { key, text: typeof value === "string" ? value : JSON.stringify(value), version }];
        }),
      );
      for (const listener of listeners) listener();
    },
  };
}

const ofAll = (words: object, { typeName } = EchoService as { typeName: string }): object => ({
  methodConfig: [{ name: [{ service: typeName }], ...words }],
});

t.test("openPolicies() without anything said gives the defaults", async (t) => {
  using policies = openPolicies({});
  for (const method of EchoService.methods) t.same(policies.ofMethod(method), defaultCallPolicy(method));
  t.same(policies.ofService(EchoService), defaultServicePolicy);
});

t.test(
  "a proto file's options hold: of the service for all that they can hold for, of the method before that",
  async (t) => {
    using policies = openPolicies({});
    t.match(policies.ofMethod(look), {
      timeoutMs: 6_000,
      retry: { maxAttempts: 5, attemptTimeoutMs: undefined, initialBackoffMs: 25 },
      hedge: { delayMs: 40, maxAttempts: 2 },
      breaker: { failureRatio: 0.25, minCalls: 20 },
      balancing: "by-key",
    });
    t.match(policies.ofMethod(peek), { timeoutMs: 8_000, retry: { maxAttempts: 3, attemptTimeoutMs: 100 } });
    t.match(policies.ofMethod(change), { timeoutMs: 8_000, hedge: undefined, balancing: "least-loaded" });
    t.equal(
      policies.ofMethod(follow).timeoutMs,
      undefined,
      "a deadline of a whole service is none of its streams",
    );
    t.match(policies.ofService(PolicedService), {
      preferZone: false,
      ejection: undefined,
      subsetSize: Infinity,
    });
  },
);

t.test(
  "options that cannot be are found by check(), with method, file, field, value and the fix",
  async (t) => {
    using policies = openPolicies({});
    const file = "samspel/test/v1/policed.proto";
    for (const [service, message] of [
      [
        NoAttemptsService,
        `The option (samspel.v1.call) of samspel.test.v1.NoAttemptsService/Act in ${file} cannot be: retry.max_attempts must be an integer from 1 to 10: current value is 0`,
      ],
      [
        UnsafeHedgeService,
        /UnsafeHedgeService\/Act in .* hedge\.\w+ is not for this method: only a method that is IDEMPOTENT/,
      ],
      [
        BackwardsService,
        /\(samspel\.v1\.calls\) of .*BackwardsService in .*: retry\.initial_backoff_ms must be at most retry\.max_backoff_ms, which is 50: current value is 100/,
      ],
      [
        EjectsAllService,
        /\(samspel\.v1\.instances\) of .*: ejection\.max_ejected_ratio must be a number from 0 to 1: current value is 1\.5/,
      ],
    ] as const) {
      t.throws(() => policies.check([service]), { code: "SAMSPEL_INVALID_CONFIGURATION", message });
      t.throws(
        () => policies.ofService(service),
        { code: "SAMSPEL_INVALID_CONFIGURATION" },
        "nor are they looked up",
      );
    }
  },
);

t.test(
  "options that others have compiled and that cannot be are told once and left out (no call of a gateway dies of them)",
  async (t) => {
    const { logger, lines } = recordingLogger();
    using policies = openPolicies({ ofOthers: true, logger });
    const { act } = NoAttemptsService.method;
    t.same(policies.ofMethod(act), defaultCallPolicy(act));
    t.same(policies.ofService(EjectsAllService), defaultServicePolicy);
    policies.ofService(NoAttemptsService);
    t.match(lines, [
      {
        level: "warn",
        message: /^a policy is left out: .*NoAttemptsService\/Act in .*: retry\.max_attempts must be/,
      },
      { level: "warn", message: /EjectsAllService/ },
    ]);
    t.equal(lines.length, 2);
  },
);

t.test("the configuration comes before the file: of all, then of a service, then of a method", async (t) => {
  using policies = openPolicies({
    configuration: {
      calls: { timeoutMs: 9_000, waitForReady: true },
      instances: { subsetSize: 5 },
      services: [
        policyFor(PolicedService, {
          calls: { timeoutMs: 8_500, breaker: { enabled: false } },
          instances: { ejection: { minCalls: 7 } },
          methods: { look: { timeoutMs: 7_000, hedge: { enabled: false } } },
        }),
      ],
    },
  });
  t.match(policies.ofMethod(look), {
    timeoutMs: 7_000,
    waitForReady: true,
    hedge: undefined,
    breaker: undefined,
  });
  t.match(policies.ofMethod(change), { timeoutMs: 8_500 });
  t.match(policies.ofMethod(EchoService.method.echo), { timeoutMs: 9_000, breaker: { failureRatio: 0.5 } });
  t.match(policies.ofService(PolicedService), {
    subsetSize: 5,
    ejection: { minCalls: 7, consecutiveFailures: 5 },
  });
});

t.test("a configuration that cannot be is refused, whatever its types said", async (t) => {
  const untyped = (configuration: unknown): PolicyConfiguration => configuration as PolicyConfiguration;
  for (const [configuration, message] of [
    [
      { calls: { timeoutMs: -1 } },
      "policies.calls cannot be: timeoutMs must be an integer from 1 to 99999999 (milliseconds), or 0 for none: current value is -1",
    ],
    [{ calls: { timeout: 1 } }, /^policies\.calls has no field timeout: there are timeoutMs, /],
    [
      { services: [policyFor(EchoService, { methods: { echoOnce: { hedge: {} } } })] },
      /^policyFor\(samspel\.test\.v1\.EchoService\)\.methods\.echoOnce cannot be: hedge\.enabled is not for this method/,
    ],
    [
      { services: [{ service: EchoService, patch: { methods: { nope: {} } } }] },
      /has no method nope: there are echo, echoOnce, /,
    ],
    [
      { services: [policyFor(EchoService, {}), policyFor(EchoService, {})] },
      /has samspel\.test\.v1\.EchoService twice/,
    ],
    [
      { services: [policyFor(EchoService, { methods: { echo: { balancing: "by-key" } } })] },
      /EchoRequest has no field that is its \(samspel\.v1\.key\)/,
    ],
  ] as const) {
    t.throws(() => openPolicies({ configuration: untyped(configuration) }), {
      code: "SAMSPEL_INVALID_CONFIGURATION",
      message,
    });
  }
});

t.test(
  "the registry comes before all, for everyone and then for this service alone, and a change holds for the next call",
  async (t) => {
    const registry = fakeValues();
    const { logger, lines } = recordingLogger();
    using policies = openPolicies({
      values: registry.values,
      service: "shop",
      logger,
      configuration: { calls: { timeoutMs: 9_000 } },
    });
    t.equal(registry.watches(), 0, "nothing is watched before the first lookup");
    const { echo } = EchoService.method;
    t.equal(policies.ofMethod(echo).timeoutMs, 9_000);
    t.equal(registry.watches(), 1);
    registry.say({ [EchoService.typeName]: ofAll({ timeout: "1s", waitForReady: true }) });
    t.match(policies.ofMethod(echo), { timeoutMs: 1_000, waitForReady: true });
    t.equal(policies.ofMethod(echo), policies.ofMethod(echo), "made once for a change");
    registry.say({
      [EchoService.typeName]: ofAll({ timeout: "1s", waitForReady: true }),
      [`${EchoService.typeName}@shop`]: ofAll({ timeout: "2s" }),
      [`${EchoService.typeName}@other`]: ofAll({ timeout: "3s" }),
    });
    t.match(policies.ofMethod(echo), { timeoutMs: 2_000, waitForReady: true });
    registry.say({});
    t.match(policies.ofMethod(echo), { timeoutMs: 9_000, waitForReady: false }, "what is unset leaves");
    t.same(policies.refused, []);
    t.equal(lines.filter(({ level }) => level === "warn").length, 0);
    t.equal(registry.watches(), 1);
  },
);

t.test(
  "a value that cannot be is refused, told once with its key, and the last good one stays",
  async (t) => {
    const registry = fakeValues();
    const { logger, lines } = recordingLogger();
    using policies = openPolicies({ values: registry.values, logger });
    const { echo } = EchoService.method;
    const key = EchoService.typeName;
    policies.ofMethod(echo);
    registry.say({ [key]: ofAll({ timeout: "1s" }) });
    registry.say({ [key]: ofAll({ timeout: "soon" }) });
    registry.say({ [key]: ofAll({ timeout: "soon" }), other: 1 });
    t.equal(policies.ofMethod(echo).timeoutMs, 1_000);
    t.match(policies.refused, [
      { key: `samspel/policy/${key}`, protoService: key, reason: /timeout must be a duration/ },
    ]);
    t.match(
      lines.filter(({ level }) => level === "warn"),
      [{ key: `samspel/policy/${key}`, message: /is refused, and what was before stays: .*timeout must be/ }],
    );
    t.equal(lines.filter(({ level }) => level === "warn").length, 1, "once");
    registry.say({
      [key]: { methodConfig: [{ name: [{ service: key, method: "EchoOnce" }], hedgingPolicy: {} }] },
    });
    t.match(policies.refused, [{ reason: /EchoOnce cannot be: hedge\.enabled is not for this method/ }]);
    t.equal(policies.ofMethod(echo).timeoutMs, 1_000);
    registry.say({ [key]: ofAll({ timeout: "1s" }) });
    t.same(policies.refused, [], "what holds is what is there again");
  },
);

t.test(
  "a method of another version in a value is no objection, and a service is read of when it is first looked up",
  async (t) => {
    const registry = fakeValues();
    const { logger, lines } = recordingLogger();
    using policies = openPolicies({ values: registry.values, logger });
    registry.say({
      [EchoService.typeName]: {
        methodConfig: [{ name: [{ service: EchoService.typeName, method: "EchoNext" }], timeout: "1s" }],
      },
      "other.v1.Unknown": "{",
    });
    await policies.ready(60_000);
    t.equal(policies.ofMethod(EchoService.method.echo).timeoutMs, 10_000);
    t.same(policies.refused, []);
    t.equal(lines.filter(({ level }) => level === "warn").length, 0);
  },
);

t.test("inspect() tells each value of what was looked up, and where it comes from", async (t) => {
  const registry = fakeValues();
  using policies = openPolicies({
    values: registry.values,
    configuration: { services: [policyFor(PolicedService, { methods: { change: { waitForReady: true } } })] },
  });
  t.same(policies.inspect(), []);
  policies.ofMethod(look);
  registry.say({
    [PolicedService.typeName]: ofAll({ samspel: { bulkhead: { maxInFlight: 3 } } }, PolicedService),
  });
  const [inspected, ...others] = policies.inspect();
  t.same(others, []);
  const fieldOf = (method: DescMethod, path: string) => inspected?.methods.get(method)?.get(path);
  t.same(fieldOf(look, "waitForReady"), { value: false, origin: { type: "default" } });
  t.same(fieldOf(look, "timeoutMs"), {
    value: 6_000,
    origin: {
      type: "proto",
      option: "call",
      of: "samspel.test.v1.PolicedService/Look",
      file: "samspel/test/v1/policed.proto",
    },
  });
  t.match(fieldOf(change, "waitForReady"), {
    value: true,
    origin: { type: "configuration", of: "policyFor(samspel.test.v1.PolicedService).methods.change" },
  });
  t.match(fieldOf(change, "bulkhead.maxInFlight"), {
    value: 3,
    origin: { type: "registry", key: "samspel/policy/samspel.test.v1.PolicedService" },
  });
  t.match(inspected?.instances.get("preferZone"), {
    value: false,
    origin: { type: "proto", option: "instances" },
  });
});
