// The laws of merging: field by field, the last layer that says something counts.
import { deepStrictEqual } from "node:assert";
import * as fc from "fast-check";
import t from "tap";
import { PolicedService } from "../../../test/gen/samspel/test/v1/policed_pb.ts";
import { EchoService } from "../../../test/gen/samspel/test/v1/echo_pb.ts";
import { isIdempotent } from "../descriptor/index.ts";
import { defaultCallPolicy, defaultServicePolicy } from "./defaults.ts";
import {
  callFields,
  instancesFields,
  type FieldKind,
  type FieldTable,
  type FieldValue,
  type Layer,
} from "./fields.ts";
import {
  callPolicyOf,
  objectionTo,
  servicePolicyOf,
  settleMethod,
  settleService,
  type Said,
} from "./settle.ts";
import { parseStored, printStored } from "./stored-policy.ts";

const methods = [...PolicedService.methods, ...EchoService.methods];
const anyMethod = fc.constantFrom(...methods);

function anyValue(kind: FieldKind): fc.Arbitrary<FieldValue> {
  switch (kind.type) {
    case "flag":
      return fc.boolean();
    case "choice":
      return fc.constantFrom(...kind.of);
    case "number": {
      const { unit, min, max, zero } = kind;
      const within = unit === "ratio" ? fc.constantFrom(0.1, 0.5, 1) : fc.integer({ min, max });
      return zero === undefined ? within : fc.oneof(within, fc.constant(Infinity));
    }
  }
}

/** What a place says: some of the fields. A group that is said at all says whether it is on, as it does once read. */
function anyLayer(table: FieldTable): fc.Arbitrary<Layer> {
  const fields = [...table].map(([path, kind]) =>
    fc.option(anyValue(kind).map((value) => [path, value] as const)),
  );
  return fc.tuple(...fields).map((said) => {
    const layer = new Map(said.filter((each) => each !== null));
    for (const [path] of said.filter((each) => each !== null)) {
      const group = `${path.split(".")[0]}.enabled`;
      if (table.has(group) && !layer.has(group)) layer.set(group, true);
    }
    return layer;
  });
}

const anySaid = (table: FieldTable, scope: Said["scope"]): fc.Arbitrary<Said> =>
  fc.record({
    layer: anyLayer(table),
    scope: fc.constant(scope),
    origin: fc.integer().map((number) => ({ type: "registry", key: String(number) }) as const),
  });

const anyCallSaid = fc.oneof(anySaid(callFields, "method"), anySaid(callFields, "service"));

t.test(
  "the last layer that sets a field counts, and its place is told; a layer that sets nothing changes nothing",
  async () => {
    fc.assert(
      fc.property(anyMethod, fc.array(anyCallSaid, { maxLength: 4 }), (method, said) => {
        const settled = settleMethod(method, said);
        deepStrictEqual(new Set(settled.keys()), new Set(callFields.keys()));
        for (const [path, { value, origin }] of settled) {
          const last = said.findLast((by) => {
            const own = by.layer.get(path);
            if (own === undefined || objectionTo(method, path, own) !== undefined) return false;
            return (
              path !== "timeoutMs" ||
              by.scope === "method" ||
              !method.methodKind.match(/server_streaming|bidi/)
            );
          });
          if (last === undefined) deepStrictEqual(origin, { type: "default" }, path);
          else deepStrictEqual([value, origin], [last.layer.get(path), last.origin], path);
        }
        const empty: Said = {
          layer: new Map(),
          origin: { type: "configuration", of: "nothing" },
          scope: "method",
        };
        const between = said.flatMap((by) => [empty, by, empty]);
        deepStrictEqual(settleMethod(method, between), settled);
      }),
    );
  },
);

t.test("what is settled twice is settled once, and two layers are as good as one of both", async () => {
  fc.assert(
    fc.property(anyMethod, anyCallSaid, anyCallSaid, (method, first, second) => {
      deepStrictEqual(settleMethod(method, [first, second, second]), settleMethod(method, [first, second]));
      if (first.scope !== second.scope) return;
      const both: Said = { ...second, layer: new Map([...first.layer, ...second.layer]) };
      const one = callPolicyOf(settleMethod(method, [both]));
      const two = callPolicyOf(settleMethod(method, [first, second]));
      // "by-key" of a method without a key is passed over, and what was said before it holds.
      deepStrictEqual({ ...one, balancing: "" }, { ...two, balancing: "" });
    }),
  );
});

t.test(
  "what holds can hold: no hedge of what may not be repeated, and no longest wait below the first",
  async () => {
    fc.assert(
      fc.property(anyMethod, fc.array(anyCallSaid, { maxLength: 3 }), (method, said) => {
        const policy = callPolicyOf(settleMethod(method, said));
        const isSafe = isIdempotent(method);
        if (policy.hedge !== undefined) deepStrictEqual([method.methodKind, isSafe], ["unary", true]);
        if (policy.retry.attemptTimeoutMs !== undefined) deepStrictEqual(isSafe, true);
        deepStrictEqual(policy.retry.initialBackoffMs <= policy.retry.maxBackoffMs, true);
        deepStrictEqual((policy.breaker?.openMs ?? 0) <= (policy.breaker?.maxOpenMs ?? 0), true);
      }),
    );
  },
);

t.test("nothing said is the defaults", async (t) => {
  for (const method of methods) t.same(callPolicyOf(settleMethod(method, [])), defaultCallPolicy(method));
  t.same(servicePolicyOf(settleService([])), defaultServicePolicy);
});

t.test("a policy that is written to the registry is read back as it was", async () => {
  const anyMethods = fc.dictionary(fc.constantFrom("Look", "Change", "Other"), anyLayer(callFields));
  fc.assert(
    fc.property(anyLayer(callFields), anyLayer(instancesFields), anyMethods, (calls, instances, named) => {
      const fits = [calls, instances, ...Object.values(named)].every(isInOrder);
      fc.pre(fits);
      const policy = {
        calls,
        instances,
        methods: new Map(Object.entries(named).filter(([, { size }]) => size > 0)),
      };
      const protoService = PolicedService.typeName;
      const text = printStored(policy, protoService);
      deepStrictEqual(parseStored(text, { key: "k", protoService }), policy);
    }),
  );
});

function isInOrder(layer: Layer): boolean {
  const at = (path: string, otherwise: number): FieldValue => layer.get(path) ?? otherwise;
  return (
    at("retry.initialBackoffMs", 0) <= at("retry.maxBackoffMs", Infinity) &&
    at("breaker.openMs", 0) <= at("breaker.maxOpenMs", Infinity) &&
    at("ejection.baseEjectionMs", 0) <= at("ejection.maxEjectionMs", Infinity)
  );
}
