import t from "tap";
import { WaitingCalls, type Waiting } from "./waiting-calls.ts";

class Call implements Waiting {
  wasLeft = false;
  was = "waiting";

  isOver(): boolean {
    return this.wasLeft;
  }

  granted(): void {
    this.was = "granted";
  }

  refused(): void {
    this.was = "refused";
  }
}

function fill(waiting: WaitingCalls, ...atMs: number[]): Call[] {
  return atMs.map((ms) => {
    const call = new Call();
    waiting.add(call, ms);
    return call;
  });
}

t.test("WaitingCalls serves a burst in the order in which it came (W2)", async (t) => {
  const waiting = new WaitingCalls();
  const [first, second] = fill(waiting, 0, 1);
  t.equal(waiting.take(50), first);
  t.equal(waiting.take(60), second);
  t.equal(waiting.take(61), undefined);
});

t.test("WaitingCalls serves the last first when calls wait all the time (W2)", async (t) => {
  const waiting = new WaitingCalls();
  const [first, , third] = fill(waiting, 0, 10, 90);
  t.equal(waiting.take(100), third);
  t.notOk(first?.was === "granted");
});

t.test(
  "WaitingCalls turns away who has waited for too long, sooner when calls wait all the time (W1)",
  async (t) => {
    const waiting = new WaitingCalls();
    const [first, second] = fill(waiting, 0, 30);
    waiting.sweep(99);
    t.equal(first?.was, "waiting");
    waiting.sweep(100);
    t.equal(first?.was, "refused");
    t.equal(second?.was, "refused", "70 ms are too long by now");
    t.equal(waiting.count, 0);
    const [third] = fill(waiting, 200);
    waiting.sweep(250);
    t.equal(third?.was, "waiting", "an empty queue is a new beginning");
  },
);

t.test("WaitingCalls passes over calls that nobody waits for any more", async (t) => {
  const waiting = new WaitingCalls();
  const [gone, next] = fill(waiting, 0, 1);
  if (gone !== undefined) gone.wasLeft = true;
  t.equal(waiting.take(2), next);
  const [late] = fill(waiting, 3);
  if (late !== undefined) late.wasLeft = true;
  waiting.sweep(1_000);
  t.equal(late?.was, "waiting");
  t.equal(waiting.count, 0);
});
