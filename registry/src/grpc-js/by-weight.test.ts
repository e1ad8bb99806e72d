import t from "tap";
import { byWeight } from "./by-weight.ts";

const turns = (...weights: readonly number[]): string =>
  byWeight(weights.map((weight, index) => ({ weight, name: "abcdefgh".charAt(index) })))
    .map(({ name }) => name)
    .join("");

t.test("byWeight() gives each its turns, spread evenly", async (t) => {
  t.equal(turns(), "");
  t.equal(turns(7), "a");
  t.equal(turns(4, 4, 4), "abc", "equal weights need no more than one turn each");
  t.equal(turns(5, 1, 1), "aabacaa");
  t.equal(turns(20, 10), "aba");
});

t.test("byWeight() rounds what would make a long list, and leaves nobody out", async (t) => {
  const list = turns(65_535, 65_534, 1);
  t.ok(list.length <= 130, `${list.length} turns`);
  t.ok(list.includes("c"));
  const count = (name: string): number => list.split(name).length - 1;
  t.ok(Math.abs(count("a") - count("b")) <= 1);
});
