// The bulkhead against a model of a queue (W1–W3).
import { setImmediate as turn } from "node:timers/promises";
import * as fc from "fast-check";
import t from "tap";
import { Bulkhead } from "./bulkhead.ts";

type Step =
  | { readonly type: "come" }
  | { readonly type: "leave" }
  /** Of those who wait, the one at this place gives up. */
  | { readonly type: "give up"; readonly at: number };

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant<Step>({ type: "come" }) },
    { weight: 3, arbitrary: fc.constant<Step>({ type: "leave" }) },
    { weight: 1, arbitrary: fc.nat({ max: 3 }).map((at): Step => ({ type: "give up", at })) },
  ),
  { maxLength: 60 },
);
const limits = fc.record({ maxInFlight: fc.integer({ min: 1, max: 4 }), maxWaiting: fc.nat({ max: 4 }) });

t.test("Bulkhead lets in at most so many, in the order of coming", async () => {
  await fc.assert(
    fc.asyncProperty(steps, limits, async (all, bounds) => {
      const bulkhead = new Bulkhead();
      const entered: number[] = [];
      const expected: number[] = [];
      const queue: { readonly id: number; readonly giveUp: AbortController }[] = [];
      let inside = 0;
      let id = 0;
      for (const step of all) {
        if (step.type === "come") {
          const own = id++;
          const giveUp = new AbortController();
          const room = inside < bounds.maxInFlight;
          if (bulkhead.tryEnter(bounds) !== room) return false;
          if (room) {
            inside += 1;
            entered.push(own);
            expected.push(own);
          } else if (bulkhead.mayWait(bounds)) {
            if (queue.length >= bounds.maxWaiting) return false;
            queue.push({ id: own, giveUp });
            void bulkhead.wait(undefined, giveUp.signal).then((what) => {
              if (what === "entered") entered.push(own);
            });
          }
        } else if (step.type === "leave" && inside > 0) {
          bulkhead.leave(bounds);
          const next = queue.shift();
          if (next === undefined) inside -= 1;
          else expected.push(next.id);
          await turn();
        } else if (step.type === "give up") {
          queue.splice(step.at, 1)[0]?.giveUp.abort();
        }
        if (bulkhead.inFlight !== inside || bulkhead.waiting !== queue.length) return false;
      }
      return entered.join() === expected.join();
    }),
    { numRuns: 300 },
  );
});

t.test("Bulkhead lets those who wait in when the limit is raised, before who comes later", async (t) => {
  const bulkhead = new Bulkhead();
  t.ok(bulkhead.tryEnter({ maxInFlight: 1, maxWaiting: 1 }));
  const waiting = bulkhead.wait(undefined, undefined);
  t.notOk(bulkhead.tryEnter({ maxInFlight: 2, maxWaiting: 1 }), "the one that waited has the place");
  t.equal(await waiting, "entered");
  t.equal(bulkhead.inFlight, 2);
});

t.test("Bulkhead gives up a wait in time, or at once for who has left, and no place with it", async (t) => {
  const bulkhead = new Bulkhead();
  const one = { maxInFlight: 1, maxWaiting: 5 };
  t.ok(bulkhead.tryEnter(one));
  t.equal(await bulkhead.wait(1, undefined), "late");
  t.equal(await bulkhead.wait(1_000, AbortSignal.abort()), "aborted");
  bulkhead.leave(one);
  t.ok(bulkhead.tryEnter(one));
  t.equal(bulkhead.waiting, 0);
});
