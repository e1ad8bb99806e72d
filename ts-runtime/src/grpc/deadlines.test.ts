import t from "tap";
import { Deadlines, type Deadline } from "./deadlines.ts";

/** A deadline that says when it was told. */
function noted(deadlines: Deadlines, ms: number): Promise<number> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    deadlines.note({ onDeadline: () => resolve(performance.now() - startedMs) }, ms);
  });
}

// Timers of deadlines keep no process alive; this one does.
const alive = setInterval(() => {}, 1_000);
t.teardown(() => clearInterval(alive));

t.test("note() tells no deadline early, and each in the end (D1)", async (t) => {
  const deadlines = new Deadlines();
  const times = [0, 0.4, 1, 2, 3, 10, 49, 50, 130, 300];
  const elapsed = Promise.all(times.map((ms) => noted(deadlines, ms)));
  // Node's clock of timers stands still meanwhile: a timer that is set now looks as if it were set before.
  for (const endMs = performance.now() + 30; performance.now() < endMs;);
  const late = noted(deadlines, 20);
  for (const [index, ms] of (await elapsed).entries())
    t.ok(ms >= (times[index] ?? 0), `${times[index]}: ${ms}`);
  t.ok((await late) >= 20);
});

t.test("note() gives a place by which a deadline is taken back", async (t) => {
  const deadlines = new Deadlines();
  const told: string[] = [];
  const deadline = (name: string): Deadline => ({ onDeadline: () => void told.push(name) });
  const [one, two] = [deadline("one"), deadline("two")];
  const place = deadlines.note(one, 20);
  deadlines.note(two, 20);
  place.leave();
  await noted(deadlines, 40);
  t.same(told, ["two"]);
});

t.test("note() tells all that are due, also where the first of them takes back the next", async (t) => {
  const deadlines = new Deadlines();
  const told: string[] = [];
  let next: { leave(): void } | undefined;
  deadlines.note({ onDeadline: () => next?.leave() }, 20);
  next = deadlines.note({ onDeadline: () => void told.push("next") }, 20);
  deadlines.note({ onDeadline: () => void told.push("last") }, 20);
  await noted(deadlines, 40);
  t.same(told, ["last"]);
});

t.test("note() takes times that no timer of Node can hold", async (t) => {
  const deadlines = new Deadlines();
  let told = false;
  const deadline: Deadline = { onDeadline: () => (told = true) };
  const place = deadlines.note(deadline, 99_999_999 * 3_600_000);
  await noted(deadlines, 5);
  t.notOk(told);
  place.leave();
});
