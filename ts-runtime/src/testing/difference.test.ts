import * as fc from "fast-check";
import t from "tap";
import { aDayLater } from "./a-day-later.ts";
import { describe, firstDifference } from "./difference.ts";

t.test("firstDifference() names the place and both values", async (t) => {
  const told = (left: unknown, right: unknown): string | undefined => {
    const found = firstDifference(left, right);
    return found && describe(found);
  };
  t.equal(told({ a: { b: [1, 2n] } }, { a: { b: [1, 3n] } }), "a.b[1] was 2n and is 3n");
  t.equal(told({ items: { "a b": 1 } }, { items: {} }), 'items["a b"] was 1 and is undefined');
  t.equal(told({ x: Uint8Array.of(1) }, { x: Uint8Array.of(2) }), 'x was {"0":1} and is {"0":2}');
  t.equal(told({ x: Uint8Array.of(1) }, { x: { 0: 1 } })?.startsWith("x was"), true);
  t.equal(told([], {}), "it was [] and is {}");
  t.equal(told(null, {}), "it was null and is {}");
  t.match(told({ x: "a".repeat(200) }, { x: "" }), /^x was "a{99}… and is ""$/);
});

t.test("firstDifference() finds none in what is alike", async (t) => {
  t.equal(firstDifference({ a: NaN, b: 0, c: undefined }, { a: NaN, b: -0 }), undefined);
  fc.assert(
    fc.property(fc.anything({ withBigInt: true }), (value) => {
      t.equal(firstDifference(value, structuredClone(value)), undefined);
    }),
  );
});

t.test("firstDifference() finds one in what is not alike, from both sides", async (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (left, right) => {
      const alike = JSON.stringify(sorted(left)) === JSON.stringify(sorted(right));
      t.equal(firstDifference(left, right) === undefined, alike);
      t.equal(firstDifference(right, left) === undefined, alike);
    }),
  );
});

t.test("aDayLater() moves the clock for its function only", async (t) => {
  const before = Date.now();
  const [now, made, text, parsed, utc] = aDayLater(
    () =>
      [Date.now(), new Date().getTime(), Date(), new Date("2020-01-01").getTime(), Date.UTC(2020)] as const,
  );
  t.ok(now >= before + 86_400_000);
  t.ok(made >= before + 86_400_000);
  t.ok(Date.parse(text) >= before + 86_300_000);
  t.equal(parsed, utc);
  t.ok(Date.now() < before + 86_400_000);
  t.throws(() =>
    aDayLater(() => {
      throw new Error("oh");
    }),
  );
  t.ok(Date.now() < before + 86_400_000, "also after an error");
});

/** Zero and minus zero are alike; objects are, in whatever order their keys stand. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? 0 : value;
  if (Array.isArray(value)) return value.map(sorted);
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [`_${key}`, sorted(item)]),
  );
}
