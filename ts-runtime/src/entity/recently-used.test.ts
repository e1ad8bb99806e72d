import { array, assert, constantFrom, property, tuple } from "fast-check";
import t from "tap";
import { RecentlyUsed } from "./recently-used.ts";

const keys = constantFrom("a", "b", "c", "d");
const steps = array(tuple(constantFrom("use", "add", "delete"), keys), { maxLength: 60 });

t.test("RecentlyUsed is in the order of the last use after any steps (R1)", async (t) => {
  assert(
    property(steps, (steps) => {
      const used = new RecentlyUsed<string>();
      let model: string[] = [];
      for (const [step, key] of steps) {
        const isThere = model.includes(key);
        if (step === "use" && used.use(key) !== (isThere ? key : undefined)) return false;
        if (step === "add" && !isThere) used.add(key, key);
        if (step === "delete") used.delete(key);
        if (step === "add" && isThere) continue;
        model = model.filter((other) => other !== key);
        if (step === "add" || (step === "use" && isThere)) model.push(key);
      }
      return [...used].map(([key]) => key).join("") === model.join("") && used.size === model.length;
    }),
  );
  t.pass();
});

t.test("RecentlyUsed lets the one at hand be deleted while it is walked", async (t) => {
  const used = new RecentlyUsed<number>();
  for (const [index, key] of ["a", "b", "c"].entries()) used.add(key, index);
  const seen: string[] = [];
  for (const [key] of used) {
    seen.push(key);
    used.delete(key);
  }
  t.strictSame(seen, ["a", "b", "c"]);
  t.equal(used.size, 0);
  used.add("d", 3);
  t.strictSame([...used], [["d", 3]]);
  used.clear();
  t.strictSame([...used], []);
});
