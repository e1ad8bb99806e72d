// The connection, the publisher and a topic over plain gRPC, against a real JetStream.
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, createClient, createRouterTransport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { SubscribeRequestSchema } from "@samspel/runtime/gen/samspel/v1/subscribe_pb.js";
import t from "tap";
import { bind, startRpcServer } from "../../../ts-runtime/src/service/index.ts";
import {
  createPublisher,
  ensureStream,
  headerLines,
  makeHeaders,
  openBroker,
  subscribe,
  topicServiceImpl,
  type PublishTrouble,
} from "../../../ts-runtime/src/topic/index.ts";
import { CounterService, CounterTopics, type CounterChanged } from "../../gen/samspel/test/v1/counter_pb.ts";
import { testBroker } from "../../support/broker.ts";
import { changed, counterTopic, publishAll, sendAll, storedChanges } from "../../support/counter-topic.ts";
import { natsUrl } from "../../support/environment.ts";
import { startNatsServer } from "../../support/nats-server.ts";
import { silentLogger as logger } from "../../support/silent-logger.ts";
import { until } from "../../support/until.ts";

t.test("openBroker() names the URL without its password, the reason and the fix", async (t) => {
  const open = (url: string) => openBroker({ url, name: "test", logger });
  await t.rejects(open("nats://user:secret@127.0.0.1:1"), {
    code: "SAMSPEL_BROKER_UNREACHABLE",
    message: /^Cannot connect to NATS at nats:\/\/user@127\.0\.0\.1:1 \(.*REFUSED.*\): .* set NATS_URL/,
  });
  const server = await startNatsServer(t, { jetStream: false });
  await t.rejects(open(server.url), {
    code: "SAMSPEL_BROKER_UNREACHABLE",
    message: /has no JetStream for us .* start nats-server with `-js`/,
  });
  await t.rejects(openBroker({ url: natsUrl(), prefix: "a.b", name: "test", logger }), {
    code: "SAMSPEL_INVALID_CONFIGURATION",
    message: /SAMSPEL_TOPIC_PREFIX/,
  });
});

t.test("publish() stores in order and once, also while somebody else publishes", async (t) => {
  const broker = await testBroker(t);
  const { prefix } = broker;
  await ensureStream(broker, counterTopic);
  const page = (key: string) => Array.from({ length: 300 }, (_, index) => changed(prefix, key, index + 1));
  using one = createPublisher(broker);
  using other = createPublisher(broker);
  await Promise.all([sendAll(one, page("a")), sendAll(other, page("b"))]);
  await sendAll(one, page("a"));

  const { name } = await broker.manager.streams
    .info(`${prefix}samspel_test_v1_CounterTopics_Changed`)
    .then(({ config }) => config);
  const consumer = await broker.connection.jetstream().consumers.get(name);
  const stored = new Map<string, number[]>([
    ["a", []],
    ["b", []],
  ]);
  let left = (await consumer.info()).num_pending;
  t.equal(left, 600, "each once");
  for await (const message of await consumer.consume()) {
    const [, key = "", revision] = message.headers?.get("Nats-Msg-Id").split("/") ?? [];
    stored.get(key)?.push(Number(revision));
    if (--left === 0) break;
  }
  const inOrder = Array.from({ length: 300 }, (_, index) => index + 1);
  t.same([...stored.values()], [inOrder, inOrder]);
});

t.test("headerLines() says what makeHeaders() says", async (t) => {
  const broker = await testBroker(t);
  const attributes = {
    id: "counter/å b/7",
    service: "counters",
    type: "samspel.test.v1.CounterChanged",
    time: new Date(7),
    key: "å b",
  };
  const own = { Tenant: "50 %", "ce-id": "forged", "Nats-Rollup": "all" };
  await ensureStream(broker, counterTopic);
  using publisher = createPublisher(broker);
  await sendAll(publisher, [{ ...changed(broker.prefix, "a", 1), headers: headerLines(attributes, own) }]);
  const [stored] = await storedChanges(broker);
  const expected = [...makeHeaders(attributes, own)].map(([name, [value]]) => [name.toLowerCase(), value]);
  t.same(Object.fromEntries(stored?.headers ?? []), Object.fromEntries(expected));
  t.throws(() => headerLines(attributes, { "a\r\nb": "c" }), TypeError);
});

t.test("send() waits for a stream that is missing, and says so", async (t) => {
  const broker = await testBroker(t);
  const { prefix } = broker;
  const troubles: PublishTrouble[] = [];
  using publisher = createPublisher(broker, { onTrouble: (trouble) => troubles.push(trouble) });
  const sending = sendAll(publisher, [changed(prefix, "a", 1), changed(prefix, "a", 2)]);
  await until("it failed twice", () => troubles.length >= 2);
  t.match(troubles[0], { reason: "the stream does not exist", failures: 1 });
  await ensureStream(broker, counterTopic);
  await sending;
  t.same(
    (await storedChanges(broker)).map(({ value }) => value),
    [1n, 2n],
  );
});

t.test("subscribe() refuses what cannot be subscribed to", (t) => {
  const { changed } = CounterTopics.method;
  t.throws(() => subscribe(changed, { group: "a.b", handler: () => {} }), {
    message: /Group of a subscription/,
  });
  t.throws(() => subscribe(changed, { group: "a", handler: () => {}, retry: { maxAttempts: 0 } }), {
    message: /maxAttempts .* current value is 0/,
  });
  t.throws(
    // @ts-expect-error: a unary method is no topic.
    () => subscribe(CounterService.method.increment, { group: "a", handler: () => {} }),
    { message: /cannot be a topic/ },
  );
  t.end();
});

t.test(
  "topicServiceImpl() streams from the beginning, from a time and from now, until the caller goes",
  async (t) => {
    const broker = await testBroker(t);
    const { prefix } = broker;
    const transport = createRouterTransport(({ service }) => {
      service(CounterTopics, topicServiceImpl(broker, CounterTopics));
    });
    const client = createClient(CounterTopics, transport);
    const open = (init: Parameters<typeof client.changed>[0]) => {
      const gone = new AbortController();
      const replies = client.changed(create(SubscribeRequestSchema, init), { signal: gone.signal });
      const stream = replies[Symbol.asyncIterator]();
      const next = async (): Promise<bigint> => ((await stream.next()).value as CounterChanged).value;
      return { next, stream, gone };
    };
    await publishAll(broker, [changed(prefix, "a", 1), changed(prefix, "a", 2)]);
    const published = Date.now();
    await until("the clock has moved on", () => Date.now() > published + 2);
    const between = new Date(published + 2);
    await publishAll(broker, [changed(prefix, "b", 3)]);

    const all = open({ from: { case: "beginning", value: true } });
    t.same([await all.next(), await all.next(), await all.next()], [1n, 2n, 3n]);
    const late = open({ from: { case: "time", value: timestampFromDate(between) } });
    t.equal(await late.next(), 3n);

    const now = open({});
    const first = now.next();
    let revision = 4;
    const ticking = setInterval(() => void publishAll(broker, [changed(prefix, "a", revision++)]), 20);
    t.ok((await first) >= 4n, "nothing older");
    clearInterval(ticking);
    t.equal(await all.next(), 4n, "the first stream is live, too");

    for (const { gone, stream } of [all, late, now]) {
      const end = (async () => {
        for (;;) if ((await stream.next()).done === true) return;
      })();
      gone.abort();
      await t.rejects(end, { code: Code.Canceled });
    }
  },
);

t.test("topicServiceImpl() sends its callers to another instance when the server drains", async (t) => {
  const broker = await testBroker(t);
  const { prefix } = broker;
  await publishAll(broker, [changed(prefix, "a", 1)]);
  const bindings = [bind(CounterTopics, topicServiceImpl(broker, CounterTopics))];
  await using server = await startRpcServer({ host: "127.0.0.1", port: 0, logger, bindings });
  const transport = createGrpcTransport({ baseUrl: `http://127.0.0.1:${server.port}` });
  const client = createClient(CounterTopics, transport);
  const replies = client.changed({ from: { case: "beginning", value: true } });
  const stream = replies[Symbol.asyncIterator]();
  t.match(await stream.next(), { value: { value: 1n } });
  const next = stream.next();
  const startedAt = performance.now();
  const drained = server.drain(20_000);
  await t.rejects(next, { code: Code.Unavailable, rawMessage: /goes on at another instance/ });
  await drained;
  t.ok(performance.now() - startedAt < 4_000, "the drain does not wait for it");
});
