// Dead letters against a real JetStream: listed, looked at, replayed and dropped (T2).
import t, { type Test } from "tap";
import {
  dropDeadLetter,
  dropDeadLetters,
  listDeadLetters,
  readDeadLetter,
  replayDeadLetter,
  replayDeadLetters,
  setPaused,
  streamName,
  subscribe,
  type Broker,
} from "../../../ts-runtime/src/topic/index.ts";
import { CounterTopics } from "../../gen/samspel/test/v1/counter_pb.ts";
import { testBroker } from "../../support/broker.ts";
import { changed, counterTopic, publishAll } from "../../support/counter-topic.ts";
import { runInstance } from "../../support/subscription.ts";
import { until } from "../../support/until.ts";

const { changed: topicMethod } = CounterTopics.method;

/** A group that refuses what `isWell` does not let through. */
function refusing(t: Test, broker: Broker, group: string) {
  const state = { isWell: false, handled: [] as string[], hold: undefined as Promise<void> | undefined };
  const stop = runInstance(
    t,
    broker,
    subscribe(topicMethod, {
      group,
      retry: { initialMs: 5, maxMs: 10, maxAttempts: 2 },
      handler: async ({ counterId, value }, { id, attempt }) => {
        await state.hold;
        if (!state.isWell && value < 100n) throw new Error(`not well ${value}`);
        state.handled.push(`${counterId} ${value} ${id} ${attempt}`);
      },
    }),
  );
  return { state, stop };
}

const lettersOf = async (broker: Broker, count: number) =>
  until(`${count} letters are parked`, async () => {
    const { letters } = await listDeadLetters(broker);
    return letters.length === count ? letters : undefined;
  });

t.test("listDeadLetters() gives what is known, page by page, by group and topic", async (t) => {
  const on = await testBroker(t);
  const { prefix } = on;
  t.same(await listDeadLetters(on), { letters: [], next: undefined }, "also where none was ever parked");
  refusing(t, on, "one");
  refusing(t, on, "two");
  await publishAll(on, [changed(prefix, "ö", 1), changed(prefix, "ö", 2), changed(prefix, "ö", 3)]);
  await lettersOf(on, 6);
  const first = await listDeadLetters(on, { group: "one", limit: 2 });
  t.equal(first.letters.length, 2);
  const rest = await listDeadLetters(on, { group: "one", limit: 2, after: first.next ?? 0 });
  t.equal(rest.letters.length, 1);
  t.equal(rest.next, undefined);
  const [letter] = first.letters;
  t.match(letter, {
    group: "one",
    topic: counterTopic.name,
    stream: streamName(prefix, counterTopic),
    sequence: 1,
    id: "counter/ö/1",
    key: "ö",
    type: "samspel.test.v1.CounterChanged",
    error: "Error: not well 1",
    attempts: 2,
    history: [{ error: "Error: not well 1" }, { error: "Error: not well 1" }],
  });
  t.same(letter?.body, changed(prefix, "ö", 1).body);
  t.notOk([...(letter?.headers.keys() ?? [])].some((name) => /^(samspel|nats)-/.test(name)));
  t.same(await readDeadLetter(on, letter?.number ?? 0), letter);
  await t.rejects(readDeadLetter(on, 99), { code: "SAMSPEL_NOT_FOUND", message: /no dead letter 99/ });
});

t.test("replayDeadLetter() drops what is handled, and keeps what fails with its new attempt", async (t) => {
  const on = await testBroker(t);
  const { prefix } = on;
  const { state } = refusing(t, on, "replay");
  await publishAll(on, [changed(prefix, "a", 1)]);
  const [letter] = await lettersOf(on, 1);
  const number = letter?.number ?? 0;
  t.same(await replayDeadLetter(on, number), { type: "failed", error: "Error: not well 1" });
  t.match(await readDeadLetter(on, number), { attempts: 3, history: { length: 3 } });
  state.isWell = true;
  t.same(await replayDeadLetter(on, number), { type: "handled" });
  t.same(state.handled, ["a 1 counter/a/1 4"]);
  await t.rejects(replayDeadLetter(on, number), { code: "SAMSPEL_NOT_FOUND" });
});

t.test("replayDeadLetter() asked twice at once runs once, in the lane of the key", async (t) => {
  const on = await testBroker(t);
  const { prefix } = on;
  const other = await testBroker(t, { prefix });
  const { state } = refusing(t, on, "twice");
  await publishAll(on, [changed(prefix, "a", 1)]);
  const [letter] = await lettersOf(on, 1);
  const number = letter?.number ?? 0;
  state.isWell = true;
  const release = Promise.withResolvers<void>();
  state.hold = release.promise;
  await publishAll(on, [changed(prefix, "a", 100)]); // is under way when the replay is asked for
  const replays = [replayDeadLetter(on, number), replayDeadLetter(other, number)];
  release.resolve();
  t.same(await Promise.all(replays), [{ type: "handled" }, { type: "handled" }]);
  t.equal(state.handled.filter((line) => line.startsWith("a 1 ")).length, 1);
});

t.test("replayDeadLetter() says so when nobody runs the group, or it is paused", async (t) => {
  const on = await testBroker(t);
  const { prefix } = on;
  const { stop } = refusing(t, on, "nobody");
  await publishAll(on, [changed(prefix, "a", 1)]);
  const [letter] = await lettersOf(on, 1);
  const number = letter?.number ?? 0;
  await setPaused(on, { stream: streamName(prefix, counterTopic), group: "nobody" }, true);
  await until("the pause is heard", () =>
    replayDeadLetter(on, number).then(
      () => false,
      (error: Error) => /is paused; resume it first/.test(error.message),
    ),
  );
  await stop();
  await t.rejects(replayDeadLetter(on, number), {
    code: "SAMSPEL_NO_INSTANCE",
    message: /no instance runs group nobody/,
  });
  t.equal((await listDeadLetters(on)).letters.length, 1, "it is kept");
});

t.test(
  "replayDeadLetters() goes through all, the oldest first; dropDeadLetters() removes the rest",
  async (t) => {
    const on = await testBroker(t);
    const { prefix } = on;
    const { state } = refusing(t, on, "all");
    await publishAll(
      on,
      [1, 2, 3, 4].map((revision) => changed(prefix, "a", revision)),
    );
    const letters = await lettersOf(on, 4);
    await dropDeadLetter(on, letters[0]?.number ?? 0);
    state.isWell = true;
    const progress: unknown[] = [];
    for await (const { handled, failed, total } of replayDeadLetters(on, { group: "all" })) {
      progress.push([handled, failed, total]);
      if (handled === 2) break;
    }
    t.same(progress, [
      [1, 0, 3],
      [2, 0, 3],
    ]);
    t.same(
      state.handled.map((line) => line.slice(0, 3)),
      ["a 2", "a 3"],
    );
    t.equal(await dropDeadLetters(on, { group: "another" }), 0);
    t.equal(await dropDeadLetters(on, { group: "all" }), 1);
    t.same((await listDeadLetters(on)).letters, []);
  },
);
