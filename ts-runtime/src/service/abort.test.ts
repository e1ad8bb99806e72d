import { getEventListeners } from "node:events";
import t from "tap";
import { eachUntilAborted, untilAborted } from "./abort.ts";

t.test(
  "untilAborted() rejects with the reason while the work hangs, and leaves no listener (E1, E2)",
  async (t) => {
    const controller = new AbortController();
    const hanging = untilAborted(controller.signal, new Promise(() => {}));
    t.equal(await untilAborted(controller.signal, Promise.resolve(7)), 7);
    await t.rejects(untilAborted(controller.signal, Promise.reject(new Error("own"))), { message: "own" });
    t.equal(getEventListeners(controller.signal, "abort").length, 1);
    controller.abort(new Error("over"));
    await t.rejects(hanging, { message: "over" });
    await t.rejects(untilAborted(controller.signal, new Promise(() => {})), { message: "over" });
  },
);

t.test("eachUntilAborted() costs one listener a stream, and ends what it reads from (E1, E2)", async (t) => {
  const controller = new AbortController();
  const events: string[] = [];
  async function* source(): AsyncGenerator<number> {
    try {
      for (let i = 0; ; i += 1) yield i;
    } finally {
      events.push("ended");
    }
  }
  const seen: number[] = [];
  await t.rejects(
    (async () => {
      for await (const item of eachUntilAborted(controller.signal, source())) {
        t.equal(getEventListeners(controller.signal, "abort").length, 1);
        if (seen.push(item) === 3) controller.abort(new Error("over"));
      }
    })(),
    { message: "over" },
  );
  t.same(seen, [0, 1, 2]);
  t.equal(getEventListeners(controller.signal, "abort").length, 0);
  t.same(events, ["ended"]);
});

t.test("eachUntilAborted() does not wait for a source that hangs", async (t) => {
  const controller = new AbortController();
  const hanging: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
  };
  const next = eachUntilAborted(controller.signal, hanging).next();
  controller.abort(new Error("over"));
  await t.rejects(next, { message: "over" });
});
