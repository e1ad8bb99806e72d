import t from "tap";
import { createTokenBuckets } from "./token-buckets.ts";

t.test("take() allows a burst, then a rate, for each caller", async (t) => {
  let nowMs = 0;
  const buckets = createTokenBuckets({ perSecond: 2, burst: 3, nowMs: () => nowMs });
  const take = (caller: string): string | number => {
    const taken = buckets.take(caller);
    return taken.type === "taken" ? "taken" : taken.retryAfterMs;
  };
  t.same([take("a"), take("a"), take("a"), take("a")], ["taken", "taken", "taken", 500]);
  t.equal(take("b"), "taken", "another caller has a bucket of its own");
  nowMs = 499;
  t.equal(take("a"), 1);
  nowMs = 500;
  t.same([take("a"), take("a")], ["taken", 500]);
  nowMs = 1_000_000;
  t.same(
    [take("a"), take("a"), take("a"), take("a")],
    ["taken", "taken", "taken", 500],
    "no more than the burst",
  );
});

t.test("take() keeps a bounded number of callers (R1)", async (t) => {
  const buckets = createTokenBuckets({ perSecond: 0.001, burst: 1, mostKept: 2, nowMs: () => 0 });
  for (const caller of ["a", "b", "c"]) t.equal(buckets.take(caller).type, "taken");
  t.equal(buckets.take("c").type, "empty");
  t.equal(buckets.take("a").type, "taken", "who was forgotten begins anew");
});
