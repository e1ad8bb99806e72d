// Messages of a topic read per second over gRPC, beside a bare stream of the same messages out of memory, which is what
// the transport can do; in interleaved rounds of one run, server and client in one process. The ratio is what counts.
//   npm run bench -- --long streams
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { create, type DescService } from "@bufbuild/protobuf";
import { createClient, type ServiceImpl, type Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { TopicService } from "../ts-runtime/src/gen/samspel/v1/topic_service_pb.ts";
import { bind, startRpcServer, type ServiceBinding } from "../ts-runtime/src/service/index.ts";
import { createLogger } from "../ts-runtime/src/telemetry/index.ts";
import {
  createGroupReaders,
  createTopicService,
  topicServiceImpl,
} from "../ts-runtime/src/topic-stream/index.ts";
import { openBroker, streamName, type Broker } from "../ts-runtime/src/topic/index.ts";
import { CounterChangedSchema, CounterTopics } from "../test/gen/samspel/test/v1/counter_pb.ts";
import { changed, counterTopic, publishAll } from "../test/support/counter-topic.ts";
import { median } from "./median.ts";

const logger = createLogger({ service: "bench", level: "error" });
const keys = 500;
const commitEvery = 250;
const beginning = { case: "beginning", value: true } as const;

interface Bench {
  readonly messages: number;
  readonly served: Transport;
  readonly bare: Transport;
}

async function fill(broker: Broker, messages: number): Promise<void> {
  const page = 10_000;
  for (let at = 0; at < messages; at += page) {
    await publishAll(
      broker,
      Array.from({ length: Math.min(page, messages - at) }, (_, index) =>
        changed(broker.prefix, `counter-${(at + index) % keys}`, Math.floor((at + index) / keys) + 1),
      ),
    );
  }
}

/** What the transport can do: the messages are in memory. */
function fromMemory(messages: number): ServiceBinding {
  const all = Array.from({ length: messages }, (_, index) =>
    create(CounterChangedSchema, { counterId: `counter-${index % keys}`, value: BigInt(index), delta: 1n }),
  );
  const impl: ServiceImpl<typeof CounterTopics> = {
    async *changed() {
      yield* all;
    },
  };
  return bind(CounterTopics as DescService, impl as ServiceImpl<DescService>);
}

interface Figures {
  readonly perSecond: number;
  /** Of this process, server and client together. */
  readonly cpuMicrosPerMessage: number;
}

/** From the first message to the last. */
async function figuresOf<T>(
  messages: number,
  stream: AsyncIterable<T>,
  each: (item: T, count: number) => unknown,
) {
  let count = 0;
  let startedAtMs = 0;
  let startedCpu = process.cpuUsage();
  for await (const item of stream) {
    if (count++ === 0) {
      startedAtMs = performance.now();
      startedCpu = process.cpuUsage();
    }
    await each(item, count);
    if (count === messages) break;
  }
  const { user, system } = process.cpuUsage(startedCpu);
  return {
    perSecond: Math.round((messages * 1_000) / (performance.now() - startedAtMs)),
    cpuMicrosPerMessage: (user + system) / messages,
  };
}

const nothing = (): void => {};

async function plain(transport: Transport, messages: number): Promise<Figures> {
  const gone = new AbortController();
  const replies = createClient(CounterTopics, transport).changed(
    { from: beginning },
    { signal: gone.signal },
  );
  const figures = await figuresOf(messages, replies, nothing);
  gone.abort();
  return figures;
}

async function envelopes(transport: Transport, messages: number): Promise<Figures> {
  const gone = new AbortController();
  const client = createClient(TopicService, transport);
  const replies = client.read({ topic: counterTopic.name, from: beginning }, { signal: gone.signal });
  const figures = await figuresOf(messages, replies, nothing);
  gone.abort();
  return figures;
}

async function grouped(transport: Transport, messages: number): Promise<Figures> {
  const gone = new AbortController();
  const client = createClient(TopicService, transport);
  const about = { topic: counterTopic.name, group: `bench-${randomUUID()}` };
  const replies = client.read({ ...about, from: beginning }, { signal: gone.signal });
  const figures = await figuresOf(messages, replies, ({ envelope }, count) => {
    if (count % commitEvery !== 0 && count !== messages) return undefined;
    return client.commit({ ...about, position: envelope?.position ?? "" });
  });
  gone.abort();
  return figures;
}

function transportTo({ port }: { readonly port: number }): Transport {
  return createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      messages: { type: "string", default: "30000" },
      rounds: { type: "string", default: "5" },
    },
  });
  const messages = Number(values.messages);
  const prefix = `bench-${randomUUID().slice(0, 8)}-`;
  const broker = await openBroker({
    url: process.env["NATS_URL"] ?? "nats://127.0.0.1:4222",
    prefix,
    name: "bench",
    logger,
  });
  await fill(broker, messages);
  const readers = createGroupReaders(broker);
  const served = await startRpcServer({
    logger,
    bindings: [bind(CounterTopics, topicServiceImpl({ broker, readers }, CounterTopics))],
    beside: [createTopicService({ broker, readers, topics: [counterTopic] })],
  });
  const memory = await startRpcServer({ logger, bindings: [fromMemory(messages)] });
  const bench: Bench = { messages, served: transportTo(served), bare: transportTo(memory) };
  const works: Readonly<Record<string, () => Promise<Figures>>> = {
    "bare stream out of memory": () => plain(bench.bare, messages),
    "the topic's method": () => plain(bench.served, messages),
    envelopes: () => envelopes(bench.served, messages),
    [`envelopes in a group, a commit each ${commitEvery}`]: () => grouped(bench.served, messages),
  };
  const rounds = new Map<string, Figures[]>(Object.keys(works).map((name) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [name, work] of Object.entries(works)) rounds.get(name)?.push(await work());
  }
  const medians = [...rounds].map(([name, figures]) => ({
    name,
    perSecond: median(figures.map(({ perSecond }) => perSecond)),
    cpu: median(figures.map(({ cpuMicrosPerMessage }) => cpuMicrosPerMessage)),
  }));
  for (const { name, perSecond, cpu } of medians) {
    const ratio = (perSecond / (medians[0]?.perSecond ?? 1)).toFixed(2);
    console.log(
      `${name.padEnd(44)}${String(perSecond).padStart(8)}/s${ratio.padStart(7)}${cpu.toFixed(0).padStart(6)} µs CPU`,
    );
  }
  await served.close();
  await memory.close();
  await broker.manager.streams.delete(streamName(prefix, counterTopic));
  await broker.close();
}

await main();
process.exit(0);
