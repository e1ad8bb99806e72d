import t from "tap";
import { createRetryBudget } from "./retry-budget.ts";

function spendAll(budget: { spend(): boolean }): number {
  let spent = 0;
  while (budget.spend()) spent += 1;
  return spent;
}

t.test("createRetryBudget() gives ten retries a second and one for five calls", (t) => {
  let now = 0;
  const budget = createRetryBudget({ nowMs: () => now });
  t.equal(spendAll(budget), 10, "to begin with");
  now += 500;
  t.equal(spendAll(budget), 5, "half a second later");
  for (let i = 0; i < 50; i += 1) budget.earn();
  t.equal(spendAll(budget), 10, "after fifty calls");
  t.end();
});

t.test("createRetryBudget() saves no more than ten seconds' worth (no storm after a quiet day)", (t) => {
  let now = 0;
  const budget = createRetryBudget({ nowMs: () => now });
  now += 86_400_000;
  t.equal(spendAll(budget), 100);
  t.end();
});
