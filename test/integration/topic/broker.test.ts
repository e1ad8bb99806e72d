// The connection and the publisher, against a real JetStream.
import t from "tap";
import {
  createPublisher,
  ensureStream,
  headerLines,
  makeHeaders,
  openBroker,
  subscribe,
  type PublishTrouble,
} from "../../../ts-runtime/src/topic/index.ts";
import { CounterService, CounterTopics } from "../../gen/samspel/test/v1/counter_pb.ts";
import { testBroker } from "../../support/broker.ts";
import { changed, counterTopic, sendAll, storedChanges } from "../../support/counter-topic.ts";
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
