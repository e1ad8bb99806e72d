// What holds whatever happens: instances come and go, calls begin and end in any way, time passes, policies change.
import { Code } from "@connectrpc/connect";
import * as fc from "fast-check";
import t from "tap";
import { balanced, stub, type Balanced, type Stub, type StubCall } from "../../../test/support/balanced.ts";
import type { Choice } from "./balancer.ts";
import type { CallOutcome } from "./outcome.ts";
import { subsetOf } from "./subset.ts";

const outcome: fc.Arbitrary<CallOutcome> = fc.oneof(
  fc.constant<CallOutcome>({ type: "answered" }),
  fc.constant<CallOutcome>({ type: "left" }),
  fc
    .constantFrom(
      Code.Unavailable,
      Code.Internal,
      Code.DeadlineExceeded,
      Code.NotFound,
      Code.ResourceExhausted,
    )
    .map((code): CallOutcome => ({ type: "failed", code, neverRan: false })),
);

const choice: fc.Arbitrary<Choice> = fc.record({
  balancing: fc.constantFrom("least-loaded" as const, "round-robin" as const, "by-key" as const),
  key: fc.option(fc.string(), { nil: undefined }),
  isStream: fc.boolean(),
});

type Step =
  | { readonly type: "call"; readonly choice: Choice; readonly tried: readonly number[] }
  | { readonly type: "end"; readonly which: number; readonly outcome: CallOutcome }
  | { readonly type: "wait"; readonly ms: number }
  | { readonly type: "members"; readonly which: readonly number[] }
  | { readonly type: "found"; readonly which: number; readonly isThere: boolean };

const index = fc.nat({ max: 11 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant("call" as const), choice, tried: fc.array(index) }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant("end" as const), which: fc.nat(), outcome }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("wait" as const), ms: fc.nat({ max: 5_000 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("members" as const), which: fc.uniqueArray(index) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("found" as const), which: index, isThere: fc.boolean() }),
  },
);

const isHealthy = ({ health }: Stub): boolean => health.standing.type === "healthy";

const all = fc.array(
  fc.record({ weight: fc.integer({ min: 1, max: 100 }), zone: fc.constantFrom("", "a", "b") }),
  { minLength: 12, maxLength: 12 },
);

/** Takes one step; what is wrong then, if anything is. */
function take(on: Balanced, known: readonly Stub[], running: StubCall[], step: Step): string | undefined {
  const { members } = on.balancer;
  switch (step.type) {
    case "call": {
      if (members.length === 0) return on.balancer.pick() === undefined ? undefined : "nobody is picked";
      const tried = new Set(step.tried.flatMap((which) => known[which] ?? []));
      const call = on.call(step.choice, tried);
      running.push(call);
      if (!members.includes(call.member)) return "it is a member";
      const fresh = members.filter((member) => !tried.has(member));
      if (fresh.length > 0 && tried.has(call.member))
        return "what was tried is not picked while another is there";
      if (fresh.some(isHealthy) && !isHealthy(call.member)) {
        return "what is left out is not picked while another is healthy";
      }
      return undefined;
    }
    case "end": {
      const [call] = running.splice(step.which % Math.max(1, running.length), 1);
      call?.end(step.outcome);
      return undefined;
    }
    case "wait":
      on.nowMs += step.ms;
      return undefined;
    case "members":
      on.balancer.update(step.which.flatMap((which) => known[which] ?? []));
      return undefined;
    case "found": {
      const member = known[step.which];
      if (member !== undefined) on.balancer.found(member, step.isThere);
      return undefined;
    }
  }
}

t.test(
  "nobody who is left out or was tried is picked for nothing, and never too many are left out",
  async () => {
    fc.assert(
      fc.property(
        all,
        fc.array(step, { maxLength: 300 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom("", "a"),
        fc.constantFrom(3, Infinity),
        (shapes, steps, maxEjectedRatio, zone, subsetSize) => {
          const known = shapes.map((shape, number) => stub(`${number}`, shape));
          const on = balanced(known, { zone });
          const { ejection } = on.policy;
          if (ejection === undefined) throw new Error("there is one by default");
          on.policy = {
            ...on.policy,
            subsetSize,
            ejection: { ...ejection, consecutiveFailures: 3, maxEjectedRatio },
          };
          const running: StubCall[] = [];
          for (const step of steps) {
            const wrong = take(on, known, running, step);
            if (wrong !== undefined) throw new Error(wrong);
            const { members } = on.balancer;
            const out = members.filter((member) => !isHealthy(member)).length;
            if (out > maxEjectedRatio * members.length)
              throw new Error(`${out} of ${members.length} are left out`);
          }
          for (const { end } of running) end();
          for (const { load, inFlight, name } of known) {
            if (load.calls !== 0 || load.streams !== 0 || inFlight !== 0)
              throw new Error(`${name} has calls`);
            if (load.silentMs(on.nowMs) !== 0) throw new Error(`${name} waits for nothing`);
          }
        },
      ),
      { numRuns: 150 },
    );
  },
);

t.test("weights are respected, whatever they are", async () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 2, maxLength: 8 }),
      fc.integer({ min: 1, max: 100 }),
      fc.constantFrom("least-loaded" as const, "round-robin" as const),
      (weights, seed, balancing) => {
        const members = weights.map((weight, number) => stub(`${number}`, { weight }));
        const { call } = balanced(members, { seed });
        const all = weights.reduce((sum, weight) => sum + weight);
        for (let made = 0; made < 4_000; made += 1) call({ balancing }).end();
        return members.every(({ calls, weight }) => Math.abs(calls / 4_000 - weight / all) < 0.05);
      },
    ),
    { numRuns: 100 },
  );
});

t.test("the ring moves the keys of who comes or goes, and no other (K1, K2)", async () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 20 }),
      fc.nat(),
      (names, which) => {
        const members = names.map((name) => stub(name));
        const gone = members[which % members.length];
        const keys = Array.from({ length: 400 }, (_, number) => `key-${number}`);
        const ownersOf = (some: readonly Stub[]): readonly Stub[] => {
          const { call } = balanced(some);
          return keys.map((key) => {
            const { member, end } = call({ balancing: "by-key", key });
            end();
            return member;
          });
        };
        const before = ownersOf(members);
        const same = ownersOf(members.toReversed());
        const after = ownersOf(members.filter((member) => member !== gone));
        const moved = keys.filter((_, number) => before[number] !== after[number]).length;
        return (
          before.every((owner, number) => owner === same[number]) &&
          before.every((owner, number) => owner === gone || owner === after[number]) &&
          moved <= (keys.length / members.length) * 2.2
        );
      },
    ),
    { numRuns: 100 },
  );
});

t.test(
  "a subset stays as it is but for who comes or goes (S1), and keeps room to spill over (S3)",
  async () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 12 }),
        fc.nat(),
        fc.nat(),
        fc.constantFrom("", "a"),
        (names, size, seed, which, zone) => {
          const members = names.map((name, number) => stub(name, { zone: number % 3 === 0 ? "a" : "b" }));
          const gone = members[which % members.length];
          const before = subsetOf(members, { size, seed, zone });
          const after = subsetOf(
            members.filter((member) => member !== gone),
            { size, seed, zone },
          );
          const lost = before.filter((member) => !after.includes(member));
          return (
            before.length === Math.min(size, members.length) &&
            new Set(before).size === before.length &&
            lost.every((member) => member === gone)
          );
        },
      ),
    );
  },
);

t.test("over many processes each instance is in about as many subsets (S2)", async (t) => {
  const members = Array.from({ length: 100 }, (_, number) => stub(`10.0.0.${number}:8080`));
  const counts = new Map<string, number>();
  for (let seed = 0; seed < 1_000; seed += 1) {
    for (const { name } of subsetOf(members, { size: 10, seed, zone: "" })) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  for (const { name } of members) {
    const count = counts.get(name) ?? 0;
    t.ok(count > 60 && count < 145, `${name} is in ${count} of 1,000`);
  }
});
