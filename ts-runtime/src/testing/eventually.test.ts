import t from "tap";
import { eventually } from "./eventually.ts";

t.test("eventually() returns what the first good attempt gives", async (t) => {
  let attempts = 0;
  const value = await eventually("it is the third attempt", () => {
    attempts++;
    if (attempts === 1) throw new Error("too early");
    return attempts === 2 ? false : attempts;
  });
  t.equal(value, 3);
  t.equal(await eventually("nothing is given", () => {}), undefined);
});

t.test("eventually() says what it waited for, and why in vain", async (t) => {
  await t.rejects(
    eventually(
      "pigs fly",
      () => {
        throw new Error("no wings");
      },
      { timeoutMs: 30 },
    ),
    { message: "Waited 30 ms in vain until pigs fly: no wings", cause: { message: "no wings" } },
  );
  await t.rejects(
    eventually("pigs fly", async () => false, { timeoutMs: 0 }),
    { message: "Waited 0 ms in vain until pigs fly" },
  );
});
