import t from "tap";
import { coalesce } from "./coalesce.ts";

t.test("coalesce() answers who asks during a look by one more, not by that look", async (t) => {
  const gates: PromiseWithResolvers<void>[] = [];
  const ask = coalesce(async (key: string) => {
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    const number = gates.length;
    await gate.promise;
    return `${key}${number}`;
  });
  const first = ask("a");
  const later = [ask("a"), ask("a")];
  t.equal(gates.length, 1);
  gates[0]?.resolve();
  t.equal(await first, "a1");
  await Promise.resolve();
  const during = ask("a");
  gates[1]?.resolve();
  t.same(await Promise.all(later), ["a2", "a2"]);
  gates[2]?.resolve();
  t.equal(await during, "a3");
  const fresh = ask("a");
  gates[3]?.resolve();
  t.equal(await fresh, "a4");
});

t.test("coalesce() looks again after a look that failed", async (t) => {
  let looks = 0;
  const ask = coalesce(async () => {
    looks += 1;
    if (looks === 1) throw new Error("away");
    return looks;
  });
  const [first, second] = await Promise.allSettled([ask(1), ask(1)]);
  t.match(first, { status: "rejected" });
  t.match(second, { status: "fulfilled", value: 2 });
});
