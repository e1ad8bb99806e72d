// samspel.v1.TopicService over gRPC, against a real JetStream: F1, F2, F3.
import { fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { errorDetail } from "@samspel/runtime";
import { TopicService, type Envelope } from "@samspel/runtime/gen/samspel/v1/topic_service_pb.js";
import t from "tap";
import { ensureStream, streamName } from "../../../ts-runtime/src/topic/index.ts";
import { CounterChangedSchema, CounterTopics } from "../../gen/samspel/test/v1/counter_pb.ts";
import { testBroker } from "../../support/broker.ts";
import { changed, counterTopic, publishAll } from "../../support/counter-topic.ts";
import { startNatsServer } from "../../support/nats-server.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { serveTopics } from "../../support/topic-server.ts";
import { until } from "../../support/until.ts";

const topic = counterTopic.name;
const fromBeginning = { case: "beginning", value: true } as const;

function valueOf(envelope: Envelope): number {
  return Number(fromBinary(CounterChangedSchema, envelope.message).value);
}

/** Reads envelopes until `take` says that it is enough, or the stream fails; the failure is given back. */
async function readUntil(
  client: Client<typeof TopicService>,
  request: Parameters<(typeof client)["read"]>[0],
  take: (envelope: Envelope) => boolean,
): Promise<unknown> {
  try {
    for await (const { envelope } of client.read(request)) {
      if (envelope !== undefined && take(envelope)) return undefined;
    }
    return undefined;
  } catch (error) {
    return error;
  }
}

t.test("Read gives each message with its position, id, key, time and headers", async (t) => {
  const broker = await testBroker(t);
  await publishAll(broker, [changed(broker.prefix, "rödbeta", 1, { Tenant: "söder" })]);
  const { transport } = await serveTopics(t, broker);
  const client = createClient(TopicService, transport);
  const read: Envelope[] = [];
  await readUntil(client, { topic, from: fromBeginning }, (envelope) => read.push(envelope) === 1);
  const [envelope] = read;
  t.match(envelope, {
    position: /^[\w-]+$/,
    id: "counter/rödbeta/1",
    key: "rödbeta",
    time: { seconds: BigInt(Date.parse("2026-01-02T03:04:05Z") / 1_000), nanos: 678_000_000 },
    type: "samspel.test.v1.CounterChanged",
    headers: { tenant: "söder", "ce-source": "/samspel/counters" },
  });
  t.notOk(
    Object.keys(envelope?.headers ?? {}).some((name) => name.startsWith("nats-")),
    "no orders to the server",
  );
});

t.test("Read resumes by position after broken connections: no gap, no duplicate", async (t) => {
  const broker = await testBroker(t);
  const { prefix } = broker;
  const { url } = await serveTopics(t, broker);
  const proxy = await startTcpProxy(t, url);
  const client = createClient(TopicService, createGrpcTransport({ baseUrl: proxy.url }));
  const total = 3_000;
  const revisions = Array.from({ length: total }, (_, index) => index + 1);
  const publishing = (async () => {
    for (let from = 0; from < total; from += 100) {
      await publishAll(
        broker,
        revisions.slice(from, from + 100).map((revision) => changed(prefix, "a", revision)),
      );
    }
  })();
  const seen: number[] = [];
  let position: string | undefined;
  let breaks = 0;
  for (let next = 137; seen.length < total;) {
    const from = position === undefined ? fromBeginning : ({ case: "position", value: position } as const);
    await readUntil(client, { topic, from }, (envelope) => {
      seen.push(valueOf(envelope));
      position = envelope.position;
      if (seen.length === next) {
        next += 391;
        breaks += 1;
        void proxy.cut();
      }
      return seen.length >= total;
    });
    if (seen.length < total) await proxy.restore().catch(() => {}); // it may never have been cut
  }
  await publishing;
  t.same(seen, revisions);
  t.ok(breaks >= 7);
});

t.test("Read goes on without a gap or a duplicate when NATS was killed", { timeout: 60_000 }, async (t) => {
  const nats = await startNatsServer(t);
  const broker = await testBroker(t, { url: nats.url });
  const { transport } = await serveTopics(t, broker);
  const client = createClient(TopicService, transport);
  await publishAll(
    broker,
    [1, 2, 3].map((revision) => changed("", "a", revision)),
  );
  const seen: number[] = [];
  const reading = readUntil(client, { topic, from: fromBeginning }, (envelope) => {
    seen.push(valueOf(envelope));
    return seen.length === 6;
  });
  await until("the first are read", () => seen.length === 3);
  await nats.kill();
  await nats.start();
  await until("publishing works again", () =>
    publishAll(
      broker,
      [4, 5, 6].map((revision) => changed("", "a", revision)),
    ).then(
      () => true,
      () => false,
    ),
  );
  t.equal(await reading, undefined);
  t.same(seen, [1, 2, 3, 4, 5, 6]);
});

t.test("Read sends its callers elsewhere when NATS stays away", { timeout: 60_000 }, async (t) => {
  const nats = await startNatsServer(t);
  const broker = await testBroker(t, { url: nats.url });
  const { transport } = await serveTopics(t, broker);
  const client = createClient(TopicService, transport);
  await publishAll(broker, [changed("", "a", 1)]);
  let first: () => void = () => {};
  const begun = new Promise<void>((resolve) => (first = resolve));
  const reading = readUntil(client, { topic, from: fromBeginning }, () => {
    first();
    return false;
  });
  await begun;
  await nats.kill();
  const error = await reading;
  t.match(error, { code: Code.Unavailable });
  t.equal(errorDetail(error)?.code, "SAMSPEL_BROKER_UNREACHABLE");
  await nats.start(); // for the teardown of the broker
});

t.test("Read pulls no more than a slow reader takes", { timeout: 60_000 }, async (t) => {
  const broker = await testBroker(t);
  const { prefix } = broker;
  const filler = { filler: "x".repeat(2_000) };
  const total = 6_000;
  for (let from = 0; from < total; from += 500) {
    await publishAll(
      broker,
      Array.from({ length: 500 }, (_, index) => changed(prefix, "a", from + index + 1, filler)),
    );
  }
  const { transport } = await serveTopics(t, broker);
  const client = createClient(TopicService, transport);
  const delivered = async (): Promise<number> => {
    const [consumer] = await broker.manager.consumers.list(streamName(prefix, counterTopic)).next();
    return consumer?.delivered.stream_seq ?? 0;
  };
  const stream = client.read({ topic, from: fromBeginning })[Symbol.asyncIterator]();
  t.equal((await stream.next()).done, false);
  let last = -1;
  await until("the server has come to rest", async () => {
    const now = await delivered();
    const rests = now === last && now > 0;
    last = now;
    if (!rests) await new Promise((resolve) => setTimeout(resolve, 200));
    return rests;
  });
  t.ok(last < total / 2, `${last} of ${total} were pulled while the reader took one`);
  let count = 1;
  while (count < total) {
    if ((await stream.next()).done === true) break;
    count += 1;
  }
  t.equal(count, total, "the rest comes when it is asked for");
  await stream.return?.();
});

t.test("Read refuses what it cannot go on from, and what it does not serve", async (t) => {
  const broker = await testBroker(t);
  const { prefix } = broker;
  const { transport } = await serveTopics(t, broker);
  const client = createClient(TopicService, transport);
  const stream = streamName(prefix, counterTopic);
  await publishAll(
    broker,
    [1, 2, 3, 4].map((revision) => changed(prefix, "a", revision)),
  );
  const positions: string[] = [];
  await readUntil(client, { topic, from: fromBeginning }, ({ position }) => positions.push(position) === 4);
  const goOn = (position: string | undefined) =>
    readUntil(client, { topic, from: { case: "position", value: position ?? "" } }, () => true);
  const codeOf = (error: unknown): string | undefined => errorDetail(error)?.code;

  await broker.manager.streams.purge(stream, { seq: 4 });
  t.equal(codeOf(await goOn(positions[0])), "SAMSPEL_POSITION_GONE", "2 and 3 are deleted");
  t.equal(await goOn(positions[2]), undefined, "4 is there");
  await broker.manager.streams.delete(stream);
  await ensureStream(broker, counterTopic);
  const anew = await goOn(positions[3]);
  t.match(anew, { code: Code.OutOfRange, message: /made anew/ });
  t.equal(codeOf(await goOn("junk")), "SAMSPEL_INVALID_REQUEST");
  const other = await readUntil(client, { topic: "other.v1.Topics.Secret" }, () => true);
  t.match(other, { code: Code.NotFound, message: /one that this service serves, samspel\.test/ });
});

t.test("a typed method ends with the position to go on from when its instance stops", async (t) => {
  const broker = await testBroker(t);
  const { prefix } = broker;
  await publishAll(
    broker,
    [1, 2].map((revision) => changed(prefix, "a", revision)),
  );
  const first = await serveTopics(t, broker);
  const second = await serveTopics(t, broker);
  const values: bigint[] = [];
  const streaming = (async () => {
    const replies = createClient(CounterTopics, first.transport).changed(
      { from: fromBeginning },
      { timeoutMs: 0 },
    );
    for await (const { value } of replies) {
      values.push(value);
      if (values.length === 2) void first.server.drain(20_000);
    }
  })();
  const ended = ConnectError.from(await streaming.catch((error: unknown) => error));
  t.equal(ended.code, Code.Unavailable);
  await publishAll(broker, [changed(prefix, "a", 3)]);
  const position = ended.metadata.get("samspel-position") ?? "";
  for await (const { value } of createClient(CounterTopics, second.transport).changed({
    from: { case: "position", value: position },
  })) {
    values.push(value);
    break;
  }
  t.same(values, [1n, 2n, 3n]);
});
