// The typed methods of topics over gRPC, against a real JetStream: M1, M2.
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { SubscribeRequestSchema } from "@samspel/runtime/gen/samspel/v1/subscribe_pb.js";
import t from "tap";
import { CounterTopics, type CounterChanged } from "../../gen/samspel/test/v1/counter_pb.ts";
import { testBroker } from "../../support/broker.ts";
import { changed, publishAll } from "../../support/counter-topic.ts";
import { serveTopics } from "../../support/topic-server.ts";
import { until } from "../../support/until.ts";

t.test(
  "topicServiceImpl() streams from the beginning, from a time and from now, until the caller goes",
  async (t) => {
    const broker = await testBroker(t);
    const { prefix } = broker;
    const { transport } = await serveTopics(t, broker);
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
    const heard: bigint[] = [];
    const hearing = now.next().then((value) => heard.push(value));
    for (let revision = 4; heard.length === 0; revision++) {
      await publishAll(broker, [changed(prefix, "a", revision)]);
    }
    await hearing;
    t.ok((heard[0] ?? 0n) >= 4n, "nothing older");
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
  const { server, transport } = await serveTopics(t, broker);
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
