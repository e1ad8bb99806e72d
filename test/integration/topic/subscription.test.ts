// Subscriptions against a real JetStream: T2, T3.
import { randomUUID } from "node:crypto";
import t, { type Test } from "tap";
import {
  runSubscription,
  subscribe,
  type Broker,
  type RunSubscriptionOptions,
  type Subscription,
} from "../../../ts-runtime/src/topic/index.ts";
import { CounterTopics } from "../../gen/samspel/test/v1/counter_pb.ts";
import { testBroker } from "../../support/broker.ts";
import { changed, counterTopic, publishAll } from "../../support/counter-topic.ts";
import { startNatsServer } from "../../support/nats-server.ts";
import { runUntilEnd } from "../../support/run-until-end.ts";
import { silentLogger as logger } from "../../support/silent-logger.ts";
import { until } from "../../support/until.ts";

const { changed: topicMethod } = CounterTopics.method;
const quick = { initialMs: 10, maxMs: 20 };

/** Runs a subscription; the returned function stops it. */
function run(
  t: Test,
  broker: Broker,
  subscription: Subscription,
  options: Pick<RunSubscriptionOptions, "graceMs"> = {},
): () => Promise<void> {
  return runUntilEnd(t, (signal) => runSubscription({ subscription, broker, logger, signal, ...options }));
}

t.test(
  "runSubscription() keeps each key's order when handlers fail and two instances share the group",
  async (t) => {
    const first = await testBroker(t);
    const { prefix } = first;
    const second = await testBroker(t, { prefix });
    const keys = Array.from({ length: 20 }, () => randomUUID());
    const seen = new Map<string, bigint[]>(keys.map((key) => [key, []]));
    const handledBy = new Set<string>();
    const busy = new Set<string>();
    let overlaps = 0;
    const subscription = (instance: string): Subscription =>
      subscribe(topicMethod, {
        group: "order",
        retry: quick,
        handler: async ({ counterId, value }, { key, attempt }) => {
          if (busy.has(key)) overlaps += 1;
          busy.add(key);
          await new Promise(setImmediate);
          busy.delete(key);
          if (attempt === 1 && Number(value) % 5 === 3) throw new Error("not at the first attempt");
          seen.get(counterId)?.push(value);
          handledBy.add(instance);
        },
      });
    run(t, first, subscription("first"));
    run(t, second, subscription("second"));
    const revisions = Array.from({ length: 15 }, (_, index) => index + 1);
    await publishAll(
      first,
      revisions.flatMap((revision) => keys.map((key) => changed(prefix, key, revision))),
    );

    await until("all are handled", () => [...seen.values()].every((values) => values.length >= 15));
    t.same([...seen.values()], Array(20).fill(revisions.map(BigInt)), "each once, in order");
    t.equal(overlaps, 0, "one at a time");
    t.equal(handledBy.size, 2, "on both instances");
  },
);

t.test("runSubscription() gives handlers the key, the id, the time and all headers", async (t) => {
  const on = await testBroker(t);
  const { prefix } = on;
  const { promise, resolve } = Promise.withResolvers<Readonly<Record<string, unknown>>>();
  const key = 'rödbeta "1" %\n日';
  run(
    t,
    on,
    subscribe(topicMethod, {
      group: "context",
      handler: (message, { key, id, time, attempt, headers }) =>
        resolve({
          value: message.value,
          key,
          id,
          time,
          attempt,
          own: headers.get("tenant"),
          type: headers.get("ce-type"),
        }),
    }),
  );
  await publishAll(on, [changed(prefix, key, 7, { Tenant: "söder" })]);
  t.same(await promise, {
    value: 7n,
    key,
    id: `counter/${key}/7`,
    time: new Date("2026-01-02T03:04:05.678Z"),
    attempt: 1,
    own: "söder",
    type: "samspel.test.v1.CounterChanged",
  });
});

t.test(
  "runSubscription() parks an exhausted message as a dead letter and goes on with its key",
  async (t) => {
    const on = await testBroker(t);
    const { prefix } = on;
    const attempts: number[] = [];
    const handled: bigint[] = [];
    run(
      t,
      on,
      subscribe(topicMethod, {
        group: "parking",
        retry: { ...quick, maxAttempts: 3 },
        handler: ({ value }, { attempt }) => {
          if (value === 2n) {
            attempts.push(attempt);
            throw new RangeError("two is\nnot för mig");
          }
          handled.push(value);
        },
      }),
    );
    const garbage = { ...changed(prefix, "a", 3), body: Buffer.from("garbage") };
    await publishAll(on, [
      changed(prefix, "a", 1),
      changed(prefix, "a", 2),
      garbage,
      changed(prefix, "a", 4),
    ]);

    await until("the last one is handled", () => handled.includes(4n));
    t.same(handled, [1n, 4n]);
    t.same(attempts, [1, 2, 3]);
    const dead = `${prefix}dead_letters`;
    await until("both are parked", async () => (await on.manager.streams.info(dead)).state.messages === 2);
    // What cannot be decoded has no key to wait for, so either may come first.
    const letters = await Promise.all([1, 2].map((seq) => on.manager.streams.getMessage(dead, { seq })));
    const stored = ["2", "3"].map((sequence) =>
      letters.find(({ header }) => header.get("Samspel-Sequence") === sequence),
    );
    const headersOf = (index: number, ...names: string[]): (string | undefined)[] =>
      names.map((name) => stored[index]?.header.get(name));
    t.equal(stored[0]?.subject, `${prefix}dead.parking.${counterTopic.name}`);
    t.same(stored[0]?.data, changed(prefix, "a", 2).body, "the original body");
    t.same(
      headersOf(
        0,
        "Samspel-Error",
        "Samspel-Attempts",
        "Samspel-Group",
        "Samspel-Stream",
        "Samspel-Sequence",
        "ce-id",
        "Nats-Msg-Id",
      ),
      [
        "RangeError: two is not f%C3%B6r mig",
        "3",
        "parking",
        `${prefix}samspel_test_v1_CounterTopics_Changed`,
        "2",
        "counter/a/2",
        `parking/${prefix}samspel_test_v1_CounterTopics_Changed/2`,
      ],
    );
    t.same(
      headersOf(1, "Samspel-Attempts", "Samspel-Sequence"),
      ["1", "3"],
      "what cannot be decoded is parked at once",
    );
  },
);

t.test("runSubscription() keeps its order for ever when exhausted messages block", async (t) => {
  const on = await testBroker(t);
  const { prefix } = on;
  const handled: bigint[] = [];
  let failures = 0;
  run(
    t,
    on,
    subscribe(topicMethod, {
      group: "blocking",
      retry: { ...quick, maxAttempts: 2 },
      onExhausted: "block",
      handler: ({ value }) => {
        if (value === 1n && ++failures < 5) throw new Error("not yet");
        handled.push(value);
      },
    }),
  );
  await publishAll(on, [changed(prefix, "a", 1), changed(prefix, "a", 2)]);
  await until("both are handled", () => handled.length === 2);
  t.same(handled, [1n, 2n]);
});

t.test(
  "runSubscription() lets a running handler finish on a stop, and the next instance goes on at once",
  async (t) => {
    const first = await testBroker(t);
    const { prefix } = first;
    const second = await testBroker(t, { prefix });
    const handled: string[] = [];
    const started = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const stop = run(
      t,
      first,
      subscribe(topicMethod, {
        group: "stop",
        handler: async ({ value }) => {
          started.resolve();
          await release.promise;
          handled.push(`first ${value}`);
        },
      }),
    );
    await publishAll(first, [changed(prefix, "a", 1), changed(prefix, "a", 2)]);
    await started.promise;
    run(
      t,
      second,
      subscribe(topicMethod, { group: "stop", handler: ({ value }) => void handled.push(`second ${value}`) }),
    );
    const stopped = stop();
    release.resolve();
    await stopped;
    t.same(
      handled.filter((line) => line.startsWith("first")),
      ["first 1"],
    );
    await until("the second one goes on", () => handled.length === 2, 5_000);
    t.same(handled, ["first 1", "second 2"]);
  },
);

t.test("runSubscription() abandons a handler that outlives the grace, and tells it", async (t) => {
  const on = await testBroker(t);
  const { prefix } = on;
  const started = Promise.withResolvers<AbortSignal>();
  const stop = run(
    t,
    on,
    subscribe(topicMethod, {
      group: "grace",
      handler: (_, { signal }) => {
        started.resolve(signal);
        return new Promise(() => {});
      },
    }),
    { graceMs: 50 },
  );
  await publishAll(on, [changed(prefix, "a", 1)]);
  const signal = await started.promise;
  t.notOk(signal.aborted);
  await stop();
  t.ok(signal.aborted);
});

t.test("runSubscription() goes on when its consumer is deleted", async (t) => {
  const on = await testBroker(t);
  const { prefix } = on;
  const handled: bigint[] = [];
  run(
    t,
    on,
    subscribe(topicMethod, {
      group: "deleted",
      retry: quick,
      handler: ({ value }) => void handled.push(value),
    }),
  );
  await publishAll(on, [changed(prefix, "a", 1)]);
  await until("the first one is handled", () => handled.length > 0);
  const stream = `${prefix}samspel_test_v1_CounterTopics_Changed`;
  for await (const { name } of on.manager.consumers.list(stream)) {
    await on.manager.consumers.delete(stream, name);
  }
  await publishAll(on, [changed(prefix, "a", 2)]);
  await until("the second one is handled", () => handled.includes(2n));
  t.pass();
});

t.test("runSubscription() refuses a topic that is stored with other partitions", async (t) => {
  const on = await testBroker(t);
  const { prefix } = on;
  const name = `${prefix}samspel_test_v1_CounterTopics_Changed`;
  await on.manager.streams.add({
    name,
    subjects: [`${prefix}topic.${counterTopic.name}.*`],
    metadata: { "samspel-partitions": "4" },
  });
  await t.rejects(
    runSubscription({
      subscription: subscribe(topicMethod, { group: "g", handler: () => {} }),
      broker: on,
      logger,
      signal: new AbortController().signal,
    }),
    {
      code: "SAMSPEL_INVALID_CONFIGURATION",
      message: /has 4 partitions in stream .* but 16 in its proto file/,
    },
  );
});

t.test("runSubscription() loses nothing and keeps order when NATS is killed and started again", async (t) => {
  const server = await startNatsServer(t);
  const on = await testBroker(t, { url: server.url });
  const handled: bigint[] = [];
  run(t, on, subscribe(topicMethod, { group: "restart", handler: ({ value }) => void handled.push(value) }));
  await publishAll(on, [changed("", "a", 1), changed("", "a", 2)]);
  await until("two are handled", () => handled.length >= 2);
  await server.kill();
  await server.start();
  await until("the broker is there", () =>
    publishAll(on, [changed("", "a", 3), changed("", "a", 4)]).then(
      () => true,
      () => false,
    ),
  );
  await until("all are handled", () => handled.includes(4n));
  t.same([...new Set(handled)], [1n, 2n, 3n, 4n]);
});
