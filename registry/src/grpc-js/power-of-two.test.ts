import t from "tap";
import { powerOfTwo } from "./power-of-two.ts";

interface Counted {
  readonly name: string;
  readonly weight: number;
  inFlight: number;
  picked: number;
}

const counted = (name: string, weight = 1, inFlight = 0): Counted => ({ name, weight, inFlight, picked: 0 });

/** Numbers that look random, and are the same in each run. */
function sequence(): () => number {
  let state = 1;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

function pickOften(candidates: readonly Counted[], times: number, keeps: boolean): void {
  const pick = powerOfTwo(candidates, sequence());
  for (let time = 0; time < times; time++) {
    const one = pick();
    if (one === undefined) continue;
    one.picked++;
    if (keeps) one.inFlight++;
  }
}

t.test("powerOfTwo() picks the only one, and nobody of none", async (t) => {
  t.equal(powerOfTwo([])(), undefined);
  const only = counted("only", 3, 1_000);
  t.equal(powerOfTwo([only])(), only);
});

t.test("powerOfTwo() takes the one with fewer calls of two", async (t) => {
  const [slow, quick] = [counted("slow", 1, 5), counted("quick")];
  pickOften([slow, quick], 100, false);
  t.same([slow.picked, quick.picked], [0, 100]);
});

t.test("powerOfTwo() keeps calls that do not end level, by weight (W1)", async (t) => {
  const all = [counted("a"), counted("b"), counted("c", 2)];
  pickOften(all, 4_000, true);
  for (const { name, weight, picked } of all)
    t.ok(Math.abs(picked - weight * 1_000) < 50, `${name} has ${picked} of weight ${weight}`);
});

t.test("powerOfTwo() shares calls that end at once by weight, and forgets nobody (W1)", async (t) => {
  const all = [counted("canary"), counted("steady", 9)];
  pickOften(all, 10_000, false);
  const [canary = counted("none")] = all;
  t.ok(canary.picked > 0 && canary.picked < 2_000, `${canary.picked} of 10,000 for weight 1 beside 9`);
});
