// Whatever stands in the registry is read or refused: it never ends a watch, and what is read can hold.
import { deepStrictEqual } from "node:assert";
import * as fc from "fast-check";
import t from "tap";
import { PolicedService } from "../../../test/gen/samspel/test/v1/policed_pb.ts";
import { SamspelError } from "../errors/index.ts";
import { callFields, instancesFields } from "./fields.ts";
import { checkStored } from "./registry-policies.ts";
import { callPolicyOf, servicePolicyOf, settleMethod, settleService } from "./settle.ts";

const protoService = PolicedService.typeName;
const origin = { type: "registry", key: "k" } as const;

const words = [
  "timeout",
  "waitForReady",
  "maxRequestMessageBytes",
  "retryPolicy",
  "hedgingPolicy",
  "samspel",
  "__proto__",
  "constructor",
];
const paths = [...callFields.keys(), ...instancesFields.keys()].flatMap((path) => path.split("."));
const retryWords = ["maxAttempts", "initialBackoff", "maxBackoff", "hedgingDelay", "retryableStatusCodes"];

/** Values that nearly are what they should be. */
const anyValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.jsonValue({ maxDepth: 1 }),
    fc.constantFrom("0.5s", "1s", "-1s", "1e3s", "UNAVAILABLE", ["UNAVAILABLE"], true, 0, 1, 2, 5, 1e9, null),
    fc.dictionary(fc.constantFrom(...paths, ...retryWords, "toString"), tie("value"), { maxKeys: 3 }),
  ),
})).value;
const anyName = fc.oneof(
  fc.constantFrom({}, { service: protoService }, { service: protoService, method: "Look" }),
  anyValue,
);
const anyEntry = fc
  .tuple(
    fc.array(anyName, { maxLength: 2 }),
    fc.dictionary(fc.constantFrom(...words), anyValue, { maxKeys: 3 }),
  )
  .map(([name, entry]) => ({ name, ...entry }));
/** What may be read, but for a value that mostly may not be. */
const likelyConfig = fc
  .record({
    methodConfig: fc.array(
      fc.record(
        {
          name: fc.constantFrom([{ service: protoService }], [{ service: protoService, method: "Look" }]),
          timeout: fc.constantFrom("0.5s", "1.5s", "60s"),
          waitForReady: fc.boolean(),
          retryPolicy: fc.record({
            maxAttempts: fc.integer({ min: 2, max: 5 }),
            initialBackoff: fc.constant("0.05s"),
            maxBackoff: fc.constantFrom("1s", "0.01s"),
            backoffMultiplier: fc.constant(2),
            retryableStatusCodes: fc.constant(["UNAVAILABLE"]),
          }),
          samspel: anyValue,
        },
        { requiredKeys: ["name"] },
      ),
      { maxLength: 1 },
    ),
    samspel: fc.record(
      {
        instances: fc.constantFrom({ subsetSize: 20 }, { ejection: { enabled: false } }, { subsetSize: -1 }),
      },
      { requiredKeys: [] },
    ),
  })
  .map((config) => JSON.stringify(config));
const anyConfig = fc.oneof(
  likelyConfig,
  fc.json(),
  fc.string(),
  fc
    .record(
      {
        methodConfig: fc.oneof(fc.array(anyEntry, { maxLength: 3 }), anyValue),
        loadBalancingConfig: anyValue,
        samspel: fc.oneof(fc.record({ instances: anyValue }), anyValue),
      },
      { requiredKeys: [] },
    )
    .map((config) => JSON.stringify(config)),
);

t.test(
  "checkStored() reads a text or refuses it with SAMSPEL_INVALID_CONFIGURATION, and what it read can hold",
  async (t) => {
    let read = 0;
    fc.assert(
      fc.property(anyConfig, (text) => {
        let policy;
        try {
          policy = checkStored(text, "k", PolicedService);
        } catch (error) {
          if (!(error instanceof SamspelError)) throw error;
          deepStrictEqual(error.code, "SAMSPEL_INVALID_CONFIGURATION");
          return;
        }
        read += 1;
        for (const method of PolicedService.methods) {
          const own = policy.methods.get(method.name) ?? new Map();
          const said = [
            { layer: policy.calls, origin, scope: "service" },
            { layer: own, origin, scope: "method" },
          ] as const;
          const settled = settleMethod(method, said);
          deepStrictEqual(
            [...settled.keys()].every((path) => callFields.has(path)),
            true,
          );
          callPolicyOf(settled);
        }
        servicePolicyOf(settleService([{ layer: policy.instances, origin, scope: "service" }]));
      }),
      { numRuns: 1_000 },
    );
    t.ok(read > 30, `${read} of them are read`);
  },
);
