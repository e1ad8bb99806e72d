// Live topics over a real NATS: V1, who gets what, and what becomes of it when NATS goes away.
import { fromBinary } from "@bufbuild/protobuf";
import { Code, createClient } from "@connectrpc/connect";
import { TopicService } from "@samspel/runtime/gen/samspel/v1/topic_service_pb.js";
import t, { type Test } from "tap";
import { liveTopicDescriptor } from "../../../ts-runtime/src/descriptor/index.ts";
import {
  listenLive,
  livePublisher,
  runLiveSubscription,
  subscribeLive,
  type LiveSubscription,
} from "../../../ts-runtime/src/live/index.ts";
import { publish } from "../../../ts-runtime/src/publication/index.ts";
import { subscribe, type Broker } from "../../../ts-runtime/src/topic/index.ts";
import { CounterTopics } from "../../gen/samspel/test/v1/counter_pb.ts";
import { PresenceChangedSchema, PresenceTopics } from "../../gen/samspel/test/v1/presence_pb.ts";
import { testBroker } from "../../support/broker.ts";
import { defineCounter } from "../../support/counter.ts";
import { startNatsServer } from "../../support/nats-server.ts";
import { runUntilEnd } from "../../support/run-until-end.ts";
import { silentLogger as logger } from "../../support/silent-logger.ts";
import { serveTopics } from "../../support/topic-server.ts";
import { until } from "../../support/until.ts";

const { presence, ticks } = PresenceTopics.method;
const presenceTopic = liveTopicDescriptor(presence);

function run(t: Test, broker: Broker, subscription: LiveSubscription): () => Promise<void> {
  return runUntilEnd(t, (signal) => runLiveSubscription({ subscription, broker, logger, signal }));
}

/** Publishes numbered messages until `enough`: a subscription is there some time after it began, and nobody is told. */
async function publishUntil(broker: Broker, enough: () => boolean): Promise<number> {
  const publisher = livePublisher(broker, presence, "counters");
  let number = 0;
  await until("enough has been heard", () => {
    if (enough()) return true;
    publisher.publish({ userId: "u", present: true, number: BigInt(++number) });
    return false;
  });
  return number;
}

t.test("subscribeLive() gives every instance each message, and a group each message once", async (t) => {
  const broker = await testBroker(t);
  const { prefix } = broker;
  const second = await testBroker(t, { prefix });
  const heard = { all: [[], []] as number[][], group: [[], []] as number[][] };
  const publisher = livePublisher(broker, presence, "counters");
  for (const [index, on] of [broker, second].entries()) {
    const note = (list: readonly number[][]) => (message: { readonly number: bigint }) =>
      void list[index]?.push(Number(message.number));
    run(t, on, subscribeLive(presence, { handler: note(heard.all) }));
    run(t, on, subscribeLive(presence, { group: "one", handler: note(heard.group) }));
  }
  await broker.connection.flush();
  await second.connection.flush();
  const total = 200;
  for (let number = 1; number <= total; number++) publisher.publish({ number: BigInt(number) });
  const numbers = Array.from({ length: total }, (_, index) => index + 1);
  await until("all have heard all", () => heard.all.every((list) => list.length === total));
  await until("the group has heard all", () => heard.group.flat().length === total);
  t.same(heard.all, [numbers, numbers], "in order");
  t.same(
    heard.group.flat().toSorted((a, b) => a - b),
    numbers,
    "each once",
  );
  t.ok(
    heard.group.every((list) => list.length > 0),
    "on both instances",
  );
});

t.test("subscribeLive() gives handlers the key, the id, the time and all headers", async (t) => {
  const broker = await testBroker(t);
  const { promise, resolve } = Promise.withResolvers<unknown>();
  run(
    t,
    broker,
    subscribeLive(presence, {
      handler: ({ userId }, { key, id, time, headers }) =>
        resolve({ userId, key, id, time, own: headers.get("tenant"), source: headers.get("ce-source") }),
    }),
  );
  await broker.connection.flush();
  const before = Date.now();
  livePublisher(broker, presence, "counters").publish(
    { userId: "ö", present: true },
    { id: "7", headers: { Tenant: "söder" } },
  );
  const heard = await promise;
  t.match(heard, { userId: "ö", key: "ö", id: "7", own: "söder", source: "/samspel/counters" });
  const { time } = heard as { readonly time: Date };
  t.ok(time.getTime() >= before && time.getTime() <= Date.now());
});

t.test("runLiveSubscription() goes on after a handler that throws", async (t) => {
  const broker = await testBroker(t);
  const heard: bigint[] = [];
  run(
    t,
    broker,
    subscribeLive(ticks, {
      handler: async ({ number }) => {
        heard.push(number);
        await Promise.reject(new Error("not this one"));
      },
    }),
  );
  await broker.connection.flush();
  const publisher = livePublisher(broker, ticks, "counters");
  publisher.publish({ number: 1n });
  publisher.publish({ number: 2n });
  await until("both are heard", () => heard.length === 2);
  t.same(heard, [1n, 2n]);
});

t.test("listenLive() drops the oldest messages of a slow reader, counts them, and stays small", async (t) => {
  const broker = await testBroker(t);
  const { signal } = new AbortController();
  const listen = (limits: { readonly maxBuffered?: number; readonly maxBufferedBytes?: number }) =>
    listenLive({ broker, topic: presenceTopic, group: undefined, signal, ...limits });
  using few = listen({ maxBuffered: 10 });
  using small = listen({ maxBufferedBytes: 1_000 });
  await broker.connection.flush();
  const publisher = livePublisher(broker, presence, "counters");
  for (let number = 1; number <= 100; number++) {
    publisher.publish({ userId: "x".repeat(300), number: BigInt(number) });
  }
  await until("90 were dropped", () => few.dropped === 90);
  await until("97 were dropped", () => small.dropped === 97, 10_000);
  const rest: bigint[] = [];
  for (let left = 10; left > 0; left--) {
    const message = await few.next();
    if (message !== undefined) rest.push(numberOf(message.data));
  }
  t.same(
    rest,
    Array.from({ length: 10 }, (_, index) => BigInt(91 + index)),
    "the newest are there",
  );
});

t.test("live topics go on when NATS was away; what was published meanwhile is gone", async (t) => {
  const nats = await startNatsServer(t);
  const publishing = await testBroker(t, { url: nats.url });
  const listening = await testBroker(t, { url: nats.url });
  const heard: number[] = [];
  run(t, listening, subscribeLive(presence, { handler: ({ number }) => void heard.push(Number(number)) }));
  await publishUntil(publishing, () => heard.length > 0);
  await nats.kill();
  await until("the publisher knows", () => !publishing.isConnected);
  livePublisher(publishing, presence, "counters").publish({ number: 1_000_000n });
  await nats.start();
  await until("both are back", () => publishing.isConnected && listening.isConnected);
  heard.length = 0;
  await publishUntil(publishing, () => heard.length > 0);
  t.notOk(heard.includes(1_000_000), "no stale message");
});

t.test("a live topic is served over gRPC, plain and in envelopes, and refuses a place", async (t) => {
  const broker = await testBroker(t);
  const { transport } = await serveTopics(t, broker, {
    services: [PresenceTopics],
    liveTopics: [presenceTopic],
  });
  const client = createClient(PresenceTopics, transport);
  const gone = new AbortController();
  const plain: bigint[] = [];
  const envelopes: string[] = [];
  const reading = Promise.allSettled([
    (async () => {
      for await (const { number } of client.presence({}, gone)) plain.push(number);
    })(),
    (async () => {
      const replies = createClient(TopicService, transport).read({ topic: presenceTopic.name }, gone);
      for await (const { envelope } of replies) envelopes.push(`${envelope?.key}:${envelope?.position}`);
    })(),
  ]);
  await publishUntil(broker, () => plain.length > 0 && envelopes.length > 0);
  t.equal(envelopes[0], "u:", "without a position");
  gone.abort();
  t.match(await reading, [{ reason: { code: Code.Canceled } }, { reason: { code: Code.Canceled } }]);
  const from = { case: "beginning", value: true } as const;
  await t.rejects(client.presence({ from })[Symbol.asyncIterator]().next(), {
    code: Code.InvalidArgument,
    message: /beginning must be absent, as topic .*Presence is live/,
  });
});

t.test("what makes no sense for a live topic is refused where it is defined", async (t) => {
  const refusal = (message: RegExp) => ({ code: "SAMSPEL_INVALID_CONFIGURATION", message });
  t.throws(
    () => subscribe(presence, { group: "g", handler: () => {} }),
    refusal(/Presence is live, .* subscribeLive/),
  );
  t.throws(
    () => publish(presence, defineCounter(), {}),
    refusal(/Presence is live, so nothing of it is kept/),
  );
  t.throws(
    () => subscribeLive(CounterTopics.method.changed, { handler: () => {} }),
    refusal(/Changed is durable: subscribe with subscribe\(/),
  );
  t.throws(
    () => subscribeLive(presence, { group: "a b", handler: () => {} }),
    refusal(/current value is "a b"/),
  );
});

function numberOf(body: Uint8Array): bigint {
  return fromBinary(PresenceChangedSchema, body).number;
}
