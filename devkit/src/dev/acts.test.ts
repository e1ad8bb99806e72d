import { setImmediate as turn } from "node:timers/promises";
import t from "tap";
import { createActs, whenEnded } from "./acts.ts";
import { createCrashBackoff } from "./crash-backoff.ts";

t.test("begin() ends what is under way and waits until it has cleaned up", async (t) => {
  const acts = createActs();
  const told: string[] = [];
  const cleaned = Promise.withResolvers<void>();
  const first = acts.begin(async (signal) => {
    told.push("first");
    try {
      await whenEnded(signal);
    } finally {
      told.push("first ends");
      await cleaned.promise;
    }
  });
  await turn();
  const second = acts.begin(async () => void told.push("second"));
  const third = acts.begin(async () => void told.push("third"));
  await turn();
  t.strictSame(told, ["first", "first ends"]);
  t.equal(acts.busy, true);
  cleaned.resolve();
  await t.rejects(first, { message: "Something else was asked for" });
  await t.rejects(second, { message: "Something else was asked for" }, "it was never begun");
  await third;
  t.strictSame(told, ["first", "first ends", "third"]);
  t.equal(acts.busy, false);
});

t.test("begin() hands on what the work gives, and its error", async (t) => {
  const acts = createActs();
  t.equal(await acts.begin(async () => 7), 7);
  await t.rejects(
    acts.begin(async () => {
      throw new TypeError("no");
    }),
    TypeError,
  );
  t.equal(acts.busy, false);
});

t.test("createCrashBackoff() doubles up to 10 s, and begins anew after a long life", (t) => {
  const backoff = createCrashBackoff();
  t.strictSame(
    Array.from({ length: 7 }, () => backoff.next()),
    [500, 1000, 2000, 4000, 8000, 10_000, 10_000],
  );
  backoff.lived(29_000);
  t.equal(backoff.inARow, 7);
  backoff.lived(31_000);
  t.equal(backoff.next(), 500);
  backoff.reset();
  t.equal(backoff.inARow, 0);
  t.end();
});
