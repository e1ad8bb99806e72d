// The engine under subscriptions, against a real JetStream: T2, T6.
import { create, toBinary, type MessageShape } from "@bufbuild/protobuf";
import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { partitionOf, topicDescriptor } from "../../../ts-runtime/src/descriptor/index.ts";
import {
  ensureStream,
  groupState,
  listGroups,
  partitionSubject,
  resetGroup,
  runConsumer,
  setPaused,
  streamName,
  subscribe,
  type Broker,
} from "../../../ts-runtime/src/topic/index.ts";
import {
  CounterHappenedSchema,
  CounterTopics,
  EventTopics,
  IncrementedSchema,
  WasResetSchema,
} from "../../gen/samspel/test/v1/counter_pb.ts";
import { testBroker } from "../../support/broker.ts";
import { changed, counterTopic, publishAll } from "../../support/counter-topic.ts";
import { startNatsServer } from "../../support/nats-server.ts";
import { natsUrl } from "../../support/environment.ts";
import { runUntilEnd } from "../../support/run-until-end.ts";
import { runInstance } from "../../support/subscription.ts";
import { recordingLogger } from "../../support/recording-logger.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/until.ts";

const { changed: topicMethod } = CounterTopics.method;
const quick = { initialMs: 10, maxMs: 20 };
const patientMs = 30_000;

const streamOf = ({ prefix }: Broker): string => streamName(prefix, counterTopic);
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

t.test("a key that waits for its retry holds back no other key of its partition", async (t) => {
  const on = await testBroker(t);
  const { prefix } = on;
  // So many keys that each partition has several.
  const keys = range(1, 64).map((n) => `key-${n}`);
  const handled = new Set<string>();
  let isWell = false;
  runInstance(
    t,
    on,
    subscribe(topicMethod, {
      group: "waits",
      onExhausted: "block",
      retry: { ...quick, maxAttempts: 2 },
      handler: ({ value }, { key }) => {
        if (key === "key-1" && !isWell) throw new Error("not well");
        handled.add(`${key}/${value}`);
      },
    }),
  );
  await publishAll(
    on,
    range(1, 3).flatMap((revision) => keys.map((key) => changed(prefix, key, revision))),
  );
  await until("all other keys are handled", () => handled.size === 63 * 3);
  isWell = true;
  await until("the key goes on", () => handled.size === 64 * 3);
  t.same([...handled].slice(-3), ["key-1/1", "key-1/2", "key-1/3"], "in order");
});

t.test("instances that come and go under load lose nothing, and keep each key's order", async (t) => {
  const first = await testBroker(t);
  const { prefix } = first;
  const keys = range(1, 40).map((n) => `key-${n}`);
  const seen = new Map<string, bigint[]>(keys.map((key) => [key, []]));
  const busy = new Set<string>();
  const by = new Map<string, number>();
  let overlaps = 0;
  const instance = async (name: string): Promise<() => Promise<void>> =>
    runInstance(
      t,
      await testBroker(t, { prefix }),
      subscribe(topicMethod, {
        group: "moves",
        retry: quick,
        handler: async ({ counterId, value }, { attempt }) => {
          if (busy.has(counterId)) overlaps += 1;
          busy.add(counterId);
          await sleep(1);
          busy.delete(counterId);
          if (attempt === 1 && value % 7n === 3n) throw new Error("not at the first attempt");
          seen.get(counterId)?.push(value);
          by.set(name, (by.get(name) ?? 0) + 1);
        },
      }),
    );
  let revision = 0;
  const publishMore = async (): Promise<void> => {
    await publishAll(
      first,
      range(1, 10).flatMap(() => {
        revision += 1;
        return keys.map((key) => changed(prefix, key, revision));
      }),
    );
  };
  const handledBy = (name: string): Promise<number> =>
    until(
      `${name} takes part`,
      async () => {
        await publishMore();
        return by.get(name);
      },
      patientMs,
    );
  const stops = [await instance("1")];
  await handledBy("1");
  for (const name of ["2", "3", "4"]) stops.push(await instance(name));
  for (const name of ["2", "3", "4"]) await handledBy(name);
  await Promise.all([stops[0]?.(), stops[2]?.()]);
  await publishMore();
  await until(
    "all are handled",
    () => [...seen.values()].every((values) => values.length >= revision),
    patientMs,
  );
  const inOrder = range(1, revision).map(BigInt);
  t.same([...seen.values()], Array(keys.length).fill(inOrder), "each once, in order");
  t.equal(overlaps, 0, "one message of a key at a time");
});

t.test(
  "an instance that is cut off from NATS begins no handler, and another goes on within seconds",
  async (t) => {
    const second = await testBroker(t);
    const { prefix } = second;
    const proxy = await startTcpProxy(t, natsUrl());
    const first = await testBroker(t, { url: proxy.url, prefix });
    const handled: string[] = [];
    const subscription = (name: string) =>
      subscribe(topicMethod, {
        group: "cut",
        handler: async ({ value }) => {
          await sleep(20);
          handled.push(`${name} ${value}`);
        },
      });
    runInstance(t, first, subscription("first"), { graceMs: 100 });
    await publishAll(
      second,
      range(1, 400).map((revision) => changed(prefix, "a", revision)),
    );
    await until("the first one is at work", () => handled.length > 3);
    proxy.freeze();
    runInstance(t, second, subscription("second"));
    await until("the second one has gone through", () => handled.includes("second 400"), patientMs);
    const lastOfFirst = handled.findLastIndex((line) => line.startsWith("first"));
    const firstOfSecond = handled.findIndex((line) => line.startsWith("second"));
    t.ok(lastOfFirst < firstOfSecond, "the first one had stopped before the second one began");
    const values = handled.slice(firstOfSecond).map((line) => Number(line.split(" ")[1]));
    t.same(values, range(values[0] ?? 0, 400), "in order");
    t.ok((values[0] ?? 0) <= lastOfFirst + 2, "nothing is left out");
    await proxy.cut();
    await proxy.restore();
  },
);

t.test("a handler that takes too long has failed, is told, and is tried again", async (t) => {
  const on = await testBroker(t);
  const { prefix } = on;
  const attempts: number[] = [];
  const signals: AbortSignal[] = [];
  runInstance(
    t,
    on,
    subscribe(topicMethod, {
      group: "slow",
      retry: quick,
      handlerTimeoutMs: 100,
      handler: (_, { attempt, signal }) => {
        attempts.push(attempt);
        signals.push(signal);
        return attempt === 1 ? new Promise(() => {}) : undefined;
      },
    }),
  );
  await publishAll(on, [changed(prefix, "a", 1)]);
  await until("it was tried again", () => attempts.length === 2);
  t.same(attempts, [1, 2]);
  t.match(signals[0]?.reason, { message: /took longer than 100 ms/ });
  t.notOk(signals[1]?.aborted);
});

t.test("a slow handler pulls no more than a window of messages", async (t) => {
  const on = await testBroker(t);
  const { prefix } = on;
  const release = Promise.withResolvers<void>();
  let begun = 0;
  let handled = 0;
  runInstance(
    t,
    on,
    subscribe(topicMethod, {
      group: "window",
      concurrency: 4,
      handler: async () => {
        begun += 1;
        await release.promise;
        handled += 1;
      },
    }),
  );
  await publishAll(
    on,
    range(1, 5_000).map((n) => changed(prefix, `key-${n % 500}`, n)),
  );
  await until("as many run as may", () => begun === 4);
  const delivered = await until("the server has delivered the window", async () => {
    const consumers = await on.manager.consumers.list(streamOf(on)).next();
    const [count = 0] = consumers.map((info) => info.delivered.consumer_seq);
    return count >= 1_024 ? count : undefined;
  });
  t.equal(delivered, 1_024, "and not one more");
  t.equal(begun, 4);
  release.resolve();
  await until("all are handled", () => handled === 5_000, patientMs);
});

t.test("a poison message among good ones takes only itself out", async (t) => {
  const on = await testBroker(t);
  const { prefix } = on;
  const handled: bigint[] = [];
  const { logger, lines } = recordingLogger();
  runInstance(
    t,
    on,
    subscribe(topicMethod, {
      group: "poison",
      retry: { ...quick, maxAttempts: 3 },
      handler: ({ value }) => {
        if (value % 10n === 0n) throw new Error(`poison ${value}`);
        handled.push(value);
      },
    }),
    { logger },
  );
  await publishAll(
    on,
    range(1, 50).map((revision) => changed(prefix, "a", revision)),
  );
  await until("the last good one is handled", () => handled.includes(49n));
  t.same(
    handled,
    range(1, 50)
      .filter((n) => n % 10 !== 0)
      .map(BigInt),
  );
  await until(
    "the last one is parked",
    async () => (await on.manager.streams.info(`${prefix}dead_letters`)).state.messages === 5,
  );
  const parked = lines.find(({ message }) => message === "message parked as a dead letter");
  t.match(parked, {
    level: "error",
    key: "a",
    sequence: 10,
    attempt: 3,
    group: "poison",
    err: /poison 10/,
  });
});

t.test(
  "from begins a new group at the end, at a time, at a number; an old one stays where it was",
  async (t) => {
    const on = await testBroker(t);
    const { prefix } = on;
    const group = (name: string, from: Parameters<typeof subscribe>[1]["from"], seen: bigint[]) =>
      subscribe(topicMethod, {
        group: name,
        ...(from === undefined ? {} : { from }),
        handler: ({ value }) => void seen.push(value),
      });
    await publishAll(
      on,
      range(1, 3).map((revision) => changed(prefix, "a", revision)),
    );
    const published = Date.now();
    await until("the clock has moved on", () => Date.now() > published + 5);
    const time = new Date();
    await until("the clock has moved on", () => Date.now() > time.getTime() + 5);
    await publishAll(
      on,
      range(4, 6).map((revision) => changed(prefix, "a", revision)),
    );
    const seen = { end: [] as bigint[], time: [] as bigint[], sequence: [] as bigint[] };
    const stops = [
      runInstance(t, on, group("end", "end", seen.end)),
      runInstance(t, on, group("time", { time }, seen.time)),
      runInstance(t, on, group("sequence", { sequence: 3 }, seen.sequence)),
    ];
    await until("the groups are there", async () => (await listGroups(on)).length === 3);
    await publishAll(on, [changed(prefix, "a", 7)]);
    await until("all have the last one", () => Object.values(seen).every((values) => values.includes(7n)));
    t.same(seen, { end: [7n], time: [4n, 5n, 6n, 7n], sequence: [3n, 4n, 5n, 6n, 7n] });
    await Promise.all(stops.map((stop) => stop()));
    await publishAll(on, [changed(prefix, "a", 8)]);
    runInstance(t, on, group("end", "end", seen.end));
    await until("it goes on", () => seen.end.length === 2);
    t.same(seen.end, [7n, 8n]);
  },
);

t.test("setPaused() and resetGroup() reach all instances, and last", async (t) => {
  const on = await testBroker(t);
  const { prefix } = on;
  const stream = streamOf(on);
  const name = { stream, group: "control" };
  await t.rejects(setPaused(on, name, true), { code: "SAMSPEL_NOT_FOUND" });
  const handled: bigint[] = [];
  const define = () =>
    subscribe(topicMethod, { group: "control", handler: ({ value }) => void handled.push(value) });
  const stop = runInstance(t, on, define());
  await publishAll(on, [changed(prefix, "a", 1), changed(prefix, "a", 2)]);
  await until("both are handled", () => handled.length === 2);
  await setPaused(on, name, true);
  await until("it reads no more", async () => (await on.manager.consumers.list(stream).next()).length === 0);
  await publishAll(on, [changed(prefix, "a", 3)]);
  await stop();
  runInstance(t, on, define());
  await until("the pause has a holder", async () => {
    const { paused, members, partitions } = await groupState(on, name);
    return paused && members.length === 1 && partitions.every(({ owner }) => owner !== undefined);
  });
  const state = await groupState(on, name);
  t.match(state, { paused: true, pending: 1 });
  t.ok(state.lagSeconds > 0);
  t.same(handled, [1n, 2n], "also after a restart");
  await setPaused(on, name, false);
  await until("it goes on", () => handled.length === 3);
  await resetGroup(on, name, "beginning");
  await until("all come again", () => handled.length === 6);
  await resetGroup(on, name, { sequence: 3 });
  await until("one comes again", () => handled.length === 7);
  t.same(handled, [1n, 2n, 3n, 1n, 2n, 3n, 3n]);
  await until("it is through", async () => (await groupState(on, name)).pending === 0);
  t.match(await groupState(on, name), { paused: false, lagSeconds: 0 });
});

t.test(
  "a group goes on when its stream, or the bucket of all groups, is deleted and made anew",
  async (t) => {
    const server = await startNatsServer(t);
    const on = await testBroker(t, { url: server.url });
    const handled: bigint[] = [];
    runInstance(
      t,
      on,
      subscribe(topicMethod, {
        group: "anew",
        retry: quick,
        handler: ({ value }) => void handled.push(value),
      }),
    );
    await publishAll(
      on,
      range(1, 3).map((revision) => changed("", "a", revision)),
    );
    await until("three are handled", () => handled.length === 3);
    await on.manager.streams.delete(streamOf(on));
    await publishAll(
      on,
      range(4, 6).map((revision) => changed("", "a", revision)),
    );
    await until("those of the new stream are handled", () => handled.includes(6n), patientMs);
    t.same(handled, range(1, 6).map(BigInt));
    await on.manager.streams.delete("KV_consumers");
    await publishAll(on, [changed("", "a", 7)]);
    await until("the next one is handled", () => handled.includes(7n), patientMs);
    await until("the bucket is there", async () => (await listGroups(on)).length === 1, patientMs);
    t.same(handled, range(1, 7).map(BigInt), "and its places are not forgotten");
  },
);

t.test("at-most-once handles no message twice, also when its handler fails", async (t) => {
  const on = await testBroker(t);
  const { prefix } = on;
  const attempts: bigint[] = [];
  const define = () =>
    subscribe(topicMethod, {
      group: "once",
      mode: "at-most-once",
      handler: ({ value }) => {
        attempts.push(value);
        if (value === 2n) throw new Error("two");
      },
    });
  const stop = runInstance(t, on, define());
  await publishAll(
    on,
    range(1, 200).map((revision) => changed(prefix, "a", revision)),
  );
  await until("some are handled", () => attempts.length >= 50);
  await stop();
  runInstance(t, on, define());
  await until("the last one is handled", () => attempts.includes(200n));
  t.same(attempts, range(1, 200).map(BigInt));
  t.equal((await on.manager.streams.info(`${prefix}dead_letters`)).state.messages, 1);
});

t.test("a batch gets many messages of a partition in order, and one that fails is found", async (t) => {
  const on = await testBroker(t);
  const { prefix } = on;
  const sizes: number[] = [];
  const handled: bigint[] = [];
  runInstance(
    t,
    on,
    subscribe(topicMethod, {
      group: "batch",
      retry: { ...quick, maxAttempts: 3 },
      maxBatch: 10,
      batch: async (messages) => {
        await sleep(1);
        if (messages.some(({ message }) => message.value === 25n)) throw new Error("25");
        sizes.push(messages.length);
        handled.push(...messages.map(({ message }) => message.value));
      },
    }),
  );
  await publishAll(
    on,
    range(1, 60).map((revision) => changed(prefix, "a", revision)),
  );
  await until("the last one is handled", () => handled.includes(60n));
  t.same(
    handled,
    range(1, 60)
      .filter((n) => n !== 25)
      .map(BigInt),
  );
  t.equal(Math.max(...sizes), 10);
  await until(
    "the bad one is parked",
    async () => (await on.manager.streams.info(`${prefix}dead_letters`)).state.messages === 1,
  );
});

t.test(
  "a partition in which too much waits behind a failed message is read no further, and then goes on",
  async (t) => {
    const on = await testBroker(t);
    const { prefix } = on;
    const { logger, lines } = recordingLogger();
    const handled: number[] = [];
    let isWell = false;
    const partition = partitionOf("a", counterTopic.partitions);
    const other = range(1, 1_000)
      .map((n) => `key-${n}`)
      .find((key) => partitionOf(key, counterTopic.partitions) !== partition);
    runUntilEnd(t, (signal) =>
      runConsumer<string>({
        broker: on,
        stream: streamOf(on),
        ensureStream: () => ensureStream(on, counterTopic),
        name: counterTopic.name,
        partitions: counterTopic.partitions,
        subject: (number) => partitionSubject(prefix, counterTopic, number),
        group: "stall",
        open: ({ headers }) => ({
          key: headers.get("ce-partitionkey") ?? "",
          value: headers.get("ce-id") ?? "",
        }),
        work: {
          type: "single",
          handle(id, { key }) {
            if (key === "a" && !isWell) throw new Error("not well");
            handled.push(Number(id.split("/")[2]));
          },
        },
        retry: quick,
        onExhausted: "block",
        maxUndone: 100,
        signal,
        logger,
      }),
    );
    await publishAll(
      on,
      range(1, 300).map((revision) => changed(prefix, "a", revision)),
    );
    await until("it is read no further", () =>
      lines.some(({ message }) => /is read no further/.test(message)),
    );
    await publishAll(on, [changed(prefix, other ?? "", 1_000)]);
    await until("other partitions go on", () => handled.includes(1_000));
    t.same(handled, [1_000]);
    isWell = true;
    await until("all are handled", () => handled.length === 301, patientMs);
    t.same(handled.slice(1), range(1, 300), "in order");
  },
);

t.test("on hands each case to its handler, with the message beside it, and skips the others", async (t) => {
  const on = await testBroker(t);
  const topic = topicDescriptor(EventTopics.method.happened);
  await ensureStream(on, topic);
  const handled: unknown[] = [];
  runInstance(
    t,
    on,
    subscribe(EventTopics.method.happened, {
      group: "cases",
      on: {
        incremented: ({ amount }, { key, message }) => void handled.push([amount, key, message.counterId]),
      },
    }),
  );
  const publishEvent = async (what: MessageShape<typeof CounterHappenedSchema>["what"]): Promise<void> => {
    const body = toBinary(CounterHappenedSchema, create(CounterHappenedSchema, { counterId: "a", what }));
    const subject = partitionSubject(on.prefix, topic, partitionOf("a", topic.partitions));
    await on.connection.jetstream().publish(subject, body);
  };
  await publishEvent({ case: "wasReset", value: create(WasResetSchema) });
  await publishEvent({ case: undefined });
  await publishEvent({ case: "incremented", value: create(IncrementedSchema, { amount: 7n }) });
  await until("one is handled", () => handled.length > 0);
  t.same(handled, [[7n, "a", "a"]]);
  const name = { stream: streamName(on.prefix, topic), group: "cases" };
  await until("all are done", async () => (await groupState(on, name)).pending === 0);
});
