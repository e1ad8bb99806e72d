import t from "tap";
import { createLatch } from "./latch.ts";

const forever = 600_000;

t.test("wait() ends at once when the latch was set before, and only once", async (t) => {
  const latch = createLatch();
  const { signal } = new AbortController();
  latch.set();
  latch.set();
  await latch.wait(forever, signal);
  const startedAtMs = performance.now();
  await latch.wait(20, signal);
  t.ok(performance.now() - startedAtMs >= 15, "the second wait was a wait");
});

t.test("wait() ends when the latch is set or the signal aborts, and leaves no timer", async (t) => {
  const latch = createLatch();
  const end = new AbortController();
  const woken = latch.wait(forever, end.signal);
  latch.set();
  await woken;
  const aborted = latch.wait(forever, end.signal);
  end.abort();
  await aborted;
  await latch.wait(forever, end.signal);
  t.equal(process.getActiveResourcesInfo().filter((name) => name === "Timeout").length, 0);
});
