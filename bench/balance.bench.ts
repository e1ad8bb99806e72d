// What balancing costs a call, in ns: the choice alone, and all of it, from the choice to the taking in of the answer.
//   npm run bench -- --long balance
import { parseArgs } from "node:util";
import { Balancer, LoadEntry, UsualLatency, answered, type Choice } from "../ts-runtime/src/balance/index.ts";
import { defaultPolicies } from "../ts-runtime/src/policy/index.ts";
import { EchoService } from "../test/gen/samspel/test/v1/echo_pb.ts";
import { stub, type Stub } from "../test/support/balanced.ts";
import { median } from "./median.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "15" } } });
const rounds = Number(values.rounds);
const turns = 200_000;
const none: ReadonlySet<never> = new Set();
const policy = defaultPolicies().ofService(EchoService);

/** Nanoseconds of one turn, the middle of some rounds. */
function time(turn: (index: number) => unknown): number {
  const figures: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const startedAt = process.hrtime.bigint();
    for (let index = 0; index < turns; index += 1) turn(index);
    // The first round warms up.
    if (round > 0) figures.push(Number(process.hrtime.bigint() - startedAt) / turns);
  }
  return median(figures);
}

function balancerOf(count: number, weightOf: (index: number) => number): Balancer<Stub> {
  const balancer = new Balancer<Stub>({
    policy: () => policy,
    zone: "",
    seed: 1,
    now: () => performance.now(),
    random: Math.random,
    onDoubt() {},
    onEjected() {},
    onBack() {},
  });
  balancer.update(
    Array.from({ length: count }, (_, index) =>
      stub(`10.0.${index >> 8}.${index & 255}:8080`, { weight: weightOf(index) }),
    ),
  );
  return balancer;
}

const columns = ["instances", "pick", "weighted", "in turn", "by key", "whole call"];
console.log(columns.map((name) => name.padStart(11)).join(""));
for (const count of [3, 30, 1_000]) {
  const even = balancerOf(count, () => 1);
  const weighted = balancerOf(count, (index) => 1 + (index % 3));
  const usual = new UsualLatency();
  const keys = Array.from({ length: 1_024 }, (_, index): Choice => ({
    balancing: "by-key",
    key: `cart-${index}`,
  }));
  const figures = [
    time(() => even.pick(none)),
    time(() => weighted.pick(none)),
    time(() => even.pick(none, { balancing: "round-robin" })),
    time((index) => even.pick(none, keys[index & 1_023])),
    time(() => {
      const member = even.pick(none);
      if (member === undefined) throw new Error("there is one");
      const entry = new LoadEntry(performance.now(), usual);
      even.begin(member, entry);
      even.end(member, entry, answered);
    }),
  ];
  console.log(
    [String(count), ...figures.map((ns) => ns.toFixed(0))].map((cell) => cell.padStart(11)).join(""),
  );
}
