// From the commit of an event to a handler in another process: through journal, publication and subscription, beside a
// bare JetStream publish and pull consumer with explicit acks. At 200 a second, and at half of what either can do.
//   npm run bench -- --long delivery
import { create, toBinary } from "@bufbuild/protobuf";
import { publish, startService } from "@samspel/runtime";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import { connect } from "nats";
import { fork, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { parseArgs } from "node:util";
import type { Journal } from "../ts-runtime/src/journal/index.ts";
import {
  CounterChangedSchema,
  CounterEventSchema,
  CounterTopics,
} from "../test/gen/samspel/test/v1/counter_pb.ts";
import { defineCounter } from "../test/support/counter.ts";
import { openOwnJournal } from "./own-journal.ts";

const { values } = parseArgs({
  options: {
    url: { type: "string", default: process.env["DATABASE_URL"] ?? "" },
    nats: { type: "string", default: process.env["NATS_URL"] ?? "" },
    ms: { type: "string", default: "10000" },
    events: { type: "string", default: "30000" },
  },
});

/** Sends one event on its way and resolves when it is safe there. */
type Send = (id: number) => Promise<unknown>;

const counter = defineCounter();
const publication = publish(CounterTopics.method.changed, counter, {
  // The amount is the event's id.
  incremented: ({ amount }, { entityId }) => ({ counterId: entityId, value: 1n, delta: amount }),
});

function appendTo(journal: Journal): Send {
  return (id) =>
    journal.append({
      entityType: "counter",
      entityId: `counter-${id}`,
      expectedRevision: 0n,
      events: [
        {
          payload: toBinary(
            CounterEventSchema,
            create(CounterEventSchema, { event: { case: "incremented", value: { amount: BigInt(id) } } }),
          ),
        },
      ],
    });
}

interface Delivery {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

let lastId = 0;

/** Sends at a rate, or as fast as it goes with 256 under way, and waits until all have been handled. */
async function deliver(
  receiver: ChildProcess,
  send: Send,
  { count, perSecond }: { readonly count: number; readonly perSecond: number | undefined },
): Promise<Delivery> {
  const first = lastId + 1;
  lastId += count;
  const sent = new Map<number, bigint>();
  const handled = new Map<number, bigint>();
  const all = Promise.withResolvers<void>();
  const onMessage = (message: { readonly receipts: readonly (readonly [number, string])[] }): void => {
    for (const [id, at] of message.receipts) if (!handled.has(id)) handled.set(id, BigInt(at));
    if (handled.size >= count) all.resolve();
  };
  receiver.on("message", onMessage);
  const one = async (id: number): Promise<void> => {
    const begunAt = process.hrtime.bigint();
    await send(id);
    sent.set(id, perSecond === undefined ? begunAt : process.hrtime.bigint());
  };
  const startedAt = process.hrtime.bigint();
  if (perSecond === undefined) await atOnce(one, first, count);
  else await atRate(one, { first, count, perSecond });
  await all.promise;
  receiver.off("message", onMessage);
  const endedAt = [...handled.values()].reduce((last, at) => (at > last ? at : last), 0n);
  const latencies = [...sent]
    .map(([id, at]) => Number((handled.get(id) ?? endedAt) - at) / 1e6)
    .toSorted((a, b) => a - b);
  const quantile = (q: number): number => latencies[Math.floor(latencies.length * q)] ?? 0;
  return {
    perSecond: (count * 1e9) / Number(endedAt - startedAt),
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
  };
}

async function atOnce(one: (id: number) => Promise<void>, first: number, count: number): Promise<void> {
  let next = first;
  await Promise.all(
    Array.from({ length: 256 }, async () => {
      while (next < first + count) await one(next++);
    }),
  );
}

async function atRate(
  one: (id: number) => Promise<void>,
  { first, count, perSecond }: { readonly first: number; readonly count: number; readonly perSecond: number },
): Promise<void> {
  const startedAtMs = performance.now();
  const under: Promise<void>[] = [];
  for (let begun = 0; begun < count;) {
    const due = Math.min(count, Math.floor(((performance.now() - startedAtMs) * perSecond) / 1_000));
    for (; begun < due; begun++) under.push(one(first + begun));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(under);
}

function show(name: string, { perSecond, p50Ms, p99Ms }: Delivery): void {
  console.log(
    name.padEnd(36) +
      perSecond.toFixed(0).padStart(13) +
      p50Ms.toFixed(2).padStart(10) +
      p99Ms.toFixed(2).padStart(10),
  );
}

async function compare(receiver: ChildProcess, ours: Send, bare: Send): Promise<void> {
  const [ms, events] = [Number(values.ms), Number(values.events)];
  await deliver(receiver, ours, { count: 2_000, perSecond: undefined });
  await deliver(receiver, bare, { count: 2_000, perSecond: undefined });
  console.log("from the commit to the handler           a second    p50 ms    p99 ms");
  const slow = { count: Math.round((200 * ms) / 1_000), perSecond: 200 };
  show("journal to handler, at 200/s", await deliver(receiver, ours, slow));
  show("  bare JetStream", await deliver(receiver, bare, slow));
  const most = await deliver(receiver, ours, { count: events, perSecond: undefined });
  const bareMost = await deliver(receiver, bare, { count: events, perSecond: undefined });
  show("journal to handler, all at once", most);
  show("  bare JetStream", bareMost);
  const half = most.perSecond / 2;
  const atHalf = { count: Math.round((half * ms) / 1_000), perSecond: half };
  show("journal to handler, at half of that", await deliver(receiver, ours, atHalf));
  show("  bare JetStream", await deliver(receiver, bare, atHalf));
}

async function main(): Promise<void> {
  const registry = await startEmbeddedRegistry();
  await using own = await openOwnJournal(values.url);
  const prefix = `bench-${randomUUID().slice(0, 8)}-`;
  const connection = await connect({ servers: values.nats });
  const manager = await connection.jetstreamManager();
  await manager.streams.add({ name: `${prefix}bare`, subjects: [`${prefix}bare`] });
  const publisher = await startService({
    name: "bench-publisher",
    entities: [counter],
    topics: [publication],
    databaseUrl: values.url,
    schema: own.database.schema,
    natsUrl: values.nats,
    topicPrefix: prefix,
    registryUrl: registry.url,
    ownsProcess: false,
    logger: own.logger,
  });
  const receiver = fork(
    new URL("./delivery-subscriber.ts", import.meta.url),
    [values.nats, registry.url, prefix, `${prefix}bare`],
    { execArgv: ["--conditions=samspel-source"] },
  );
  try {
    await once(receiver, "message");
    const jetStream = connection.jetstream();
    const bare: Send = (id) =>
      jetStream.publish(
        `${prefix}bare`,
        toBinary(CounterChangedSchema, create(CounterChangedSchema, { value: 1n, delta: BigInt(id) })),
      );
    await compare(receiver, appendTo(own.journal), bare);
  } finally {
    receiver.disconnect();
    await once(receiver, "exit");
    await publisher.stop();
    for await (const name of manager.streams.names()) {
      if (name.startsWith(prefix)) await manager.streams.delete(name);
    }
    await connection.close();
    await registry.close();
  }
}

await main();
