// Messages consumed per second, beside the client library's own pull consumer with acks, in interleaved rounds of one
// run. The ratio is what counts; the figures depend on the machine.
//   npm run bench -- --long consume
import { fromBinary } from "@bufbuild/protobuf";
import { AckPolicy, DeliverPolicy } from "nats";
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { createLogger } from "../ts-runtime/src/telemetry/index.ts";
import {
  ensureStream,
  openBroker,
  runSubscription,
  streamName,
  subscribe,
  type Broker,
} from "../ts-runtime/src/topic/index.ts";
import { CounterChangedSchema, CounterTopics } from "../test/gen/samspel/test/v1/counter_pb.ts";
import { changed, counterTopic, publishAll } from "../test/support/counter-topic.ts";
import { median } from "./median.ts";

const logger = createLogger({ service: "bench", level: "error" });
const keys = 500;

interface Bench {
  readonly broker: Broker;
  readonly messages: number;
}

async function fill({ broker, messages }: Bench): Promise<void> {
  const page = 10_000;
  for (let at = 0; at < messages; at += page) {
    const some = Array.from({ length: Math.min(page, messages - at) }, (_, index) =>
      changed(broker.prefix, `counter-${(at + index) % keys}`, Math.floor((at + index) / keys) + 1),
    );
    await publishAll(broker, some);
  }
}

/** Counts to the number of messages, and gives messages per second from the first one on. */
function counter(messages: number): { readonly count: () => void; readonly rate: Promise<number> } {
  const { promise, resolve } = Promise.withResolvers<number>();
  let counted = 0;
  let startedAtMs = 0;
  const count = (): void => {
    if (counted++ === 0) startedAtMs = performance.now();
    if (counted === messages) resolve(Math.round((messages * 1_000) / (performance.now() - startedAtMs)));
  };
  return { count, rate: promise };
}

async function consumed({ broker, messages }: Bench, isAsync: boolean): Promise<number> {
  const { count, rate } = counter(messages);
  const stop = new AbortController();
  const subscription = subscribe(CounterTopics.method.changed, {
    group: `bench-${randomUUID()}`,
    handler: isAsync ? async () => count() : count,
  });
  const running = runSubscription({ subscription, broker, logger, signal: stop.signal });
  const result = await rate;
  stop.abort();
  await running;
  return result;
}

/** The same with the library: explicit acks, a callback, and the message decoded. */
async function byLibrary({ broker, messages }: Bench): Promise<number> {
  const { count, rate } = counter(messages);
  const stream = streamName(broker.prefix, counterTopic);
  const { name } = await broker.manager.consumers.add(stream, {
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    max_ack_pending: 10_000,
    mem_storage: true,
  });
  const consumer = await broker.connection.jetstream().consumers.get(stream, name);
  const reading = await consumer.consume({
    max_messages: 1_024,
    callback: (message) => {
      fromBinary(CounterChangedSchema, message.data);
      message.ack();
      count();
    },
  });
  const result = await rate;
  await reading.close();
  await broker.manager.consumers.delete(stream, name);
  return result;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      nats: { type: "string", default: process.env["NATS_URL"] ?? "" },
      messages: { type: "string", default: "200000" },
      rounds: { type: "string", default: "5" },
    },
  });
  const prefix = `bench-${randomUUID().slice(0, 8)}-`;
  await using broker = await openBroker({ url: values.nats, prefix, name: "bench", logger });
  const bench: Bench = { broker, messages: Number(values.messages) };
  await ensureStream(broker, counterTopic);
  try {
    await fill(bench);
    const contenders: ReadonlyArray<readonly [string, () => Promise<number>]> = [
      ["a handler", () => consumed(bench, false)],
      ["an async handler", () => consumed(bench, true)],
      ["  the library with acks", () => byLibrary(bench)],
    ];
    const figures = contenders.map(() => [] as number[]);
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const [index, [, run]] of contenders.entries()) figures[index]?.push(await run());
    }
    const medians = figures.map(median);
    for (const [index, [name]] of contenders.entries()) {
      const perSecond = medians[index] ?? 0;
      const ratio = (perSecond / (medians.at(-1) ?? 1)).toFixed(2);
      console.log(`${name.padEnd(30)}${String(perSecond).padStart(9)}/s${ratio.padStart(8)}`);
    }
  } finally {
    for (const name of [streamName(prefix, counterTopic), `KV_${prefix}consumers`]) {
      await broker.manager.streams.delete(name).catch(() => {});
    }
  }
}

await main();
