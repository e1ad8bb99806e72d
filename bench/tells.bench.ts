// Tells, beside what one would do instead, in interleaved rounds of one run:
//   tells     a client's, each resolved by its own ack, beside `jetstream().publish` of the same bytes and message id
//   effects   commands that tell once with their event, beside the same commands without
//   handled   tells that wait in their stream, until their entities have answered and the replies are kept, beside
//             commands of the same entities that are called in this process
// The ratios are what counts.
//   npm run bench -- --long tells
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { create, toBinary, type Message } from "@bufbuild/protobuf";
import { headers as natsHeaders } from "nats";
import { createEntityHost, entityServiceImpl } from "../ts-runtime/src/entity/index.ts";
import { createJournal, type Journal } from "../ts-runtime/src/journal/index.ts";
import { migrate, openDatabase, type Database } from "../ts-runtime/src/postgres/index.ts";
import { bind } from "../ts-runtime/src/service/index.ts";
import { createLogger } from "../ts-runtime/src/telemetry/index.ts";
import { createReplyPublisher, createTeller, runTells, toldService } from "../ts-runtime/src/tell/index.ts";
import { openBroker, type Broker } from "../ts-runtime/src/topic/index.ts";
import {
  PackRequestSchema,
  ParcelService,
  PlaceRequestSchema,
} from "../test/gen/samspel/test/v1/parcel_pb.ts";
import { defineOrder, defineParcel } from "../test/support/parcels.ts";
import { noClients } from "../test/support/reminder.ts";
import { median } from "./median.ts";
import { closedLoop, middle, type Load, type Work } from "./load.ts";

const { values } = parseArgs({
  options: {
    url: { type: "string", default: process.env["DATABASE_URL"] ?? "" },
    nats: { type: "string", default: process.env["NATS_URL"] ?? "" },
    rounds: { type: "string", default: "5" },
    ms: { type: "string", default: "2000" },
    only: { type: "string", default: "tells,effects,handled" },
  },
});
const rounds = Number(values.rounds);
const ms = Number(values.ms);
const only: ReadonlySet<string> = new Set(values.only.split(","));
const logger = createLogger({ service: "bench", level: "warn" });
const item = "x".repeat(100);

function shown({ perSecond, cpuMicros, p50Ms }: Load): string {
  return `${perSecond.toFixed(0).padStart(7)}/s ${cpuMicros.toFixed(1).padStart(6)} µs CPU ${p50Ms.toFixed(2).padStart(6)} ms`;
}

/** Runs two works in turn, and prints how the first stands beside the second. */
async function compare(
  title: string,
  inFlight: number,
  [ours, theirs]: readonly [Work, Work],
): Promise<void> {
  const loads: readonly [Load[], Load[]] = [[], []];
  for (const work of [ours, theirs]) await closedLoop(work, inFlight, ms / 4);
  for (let round = 0; round < rounds; round++) {
    loads[0].push(await closedLoop(ours, inFlight, ms));
    loads[1].push(await closedLoop(theirs, inFlight, ms));
  }
  const [one, other] = [middle(loads[0]), middle(loads[1])];
  console.log(
    `${title.padEnd(9)} ${String(inFlight).padStart(5)} in flight: ${shown(one)}, beside ${shown(other)}, ratio ${(one.perSecond / other.perSecond).toFixed(2)}, of CPU ${(one.cpuMicros / other.cpuMicros).toFixed(2)}`,
  );
}

async function clientTells(broker: Broker): Promise<void> {
  await using teller = createTeller({ source: "bench", broker: async () => broker });
  const { pack } = ParcelService.method;
  const body = toBinary(PackRequestSchema, create(PackRequestSchema, { parcelId: randomUUID(), item }));
  const jetStream = broker.connection.jetstream();
  const subject = `${broker.prefix}tell.${ParcelService.typeName}.0`;
  const tell: Work = (parcelId) => teller.tell(pack, { parcelId, item });
  const publish: Work = () => {
    const headers = natsHeaders();
    headers.set("Nats-Msg-Id", randomUUID());
    return jetStream.publish(subject, body, { headers });
  };
  await tell("a", 1n);
  for (const inFlight of [1, 256, 1_024]) await compare("tells", inFlight, [tell, publish]);
}

const circumstances = {
  commandId: undefined,
  client: noClients.within({
    signal: new AbortController().signal,
    timeoutMs: () => undefined,
    requestHeader: new Headers(),
  }).client,
  signal: new AbortController().signal,
  requestHeader: new Headers(),
};

async function effects(journal: Journal): Promise<void> {
  using host = createEntityHost({ entity: defineOrder(), journal, freeze: false, source: "bench" });
  const placing =
    (items: string[]): Work =>
    (orderId) =>
      host.ask({
        command: "place",
        entityId: orderId,
        request: create(PlaceRequestSchema, { orderId, items, delayMs: 0, tellId: "" }),
        ...circumstances,
      });
  for (const inFlight of [1, 64, 256]) await compare("effects", inFlight, [placing([item]), placing([])]);
}

async function handled(broker: Broker, journal: Journal): Promise<void> {
  const entity = defineParcel();
  using host = createEntityHost({ entity, journal, freeze: false });
  const told = toldService(bind(ParcelService, entityServiceImpl(host, noClients) as never), []);
  if (told === undefined) throw new Error("Nothing may be told");
  await using teller = createTeller({ source: "bench", broker: async () => broker });
  using replies = createReplyPublisher(broker);
  const count = Math.round(ms * 5);
  const rates: number[] = [];
  const cpu: number[] = [];
  await teller.tell(ParcelService.method.pack, { parcelId: "first", item });
  await broker.manager.streams.purge(`${broker.prefix}tell_samspel_test_v1_ParcelService`);
  for (let round = 0; round < rounds; round++) {
    const run = randomUUID();
    const receipts = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        teller.tell(ParcelService.method.pack, { parcelId: `${run}-${index % 512}`, item }),
      ),
    );
    const stopping = new AbortController();
    const { signal } = stopping;
    const running = runTells({ told, broker, replies, logger, signal });
    await receipts[0]?.reply({ timeoutMs: 60_000 });
    const cpuAtStart = process.cpuUsage();
    const startedAtMs = performance.now();
    // Of one key the last one is answered last, and the keys go side by side.
    await Promise.all(receipts.slice(-512).map((receipt) => receipt.reply({ timeoutMs: 600_000 })));
    rates.push((count * 1_000) / (performance.now() - startedAtMs));
    const { user, system } = process.cpuUsage(cpuAtStart);
    cpu.push((user + system) / count);
    stopping.abort();
    await running;
  }
  const asks: Load[] = [];
  const pack: Work = (parcelId) =>
    host.ask({
      command: "pack",
      entityId: parcelId,
      request: create(PackRequestSchema, { parcelId, item, broken: false }) satisfies Message,
      ...circumstances,
      commandId: randomUUID(),
    });
  for (let round = 0; round < rounds; round++) asks.push(await closedLoop(pack, 128, ms));
  const { perSecond, cpuMicros } = middle(asks);
  console.log(
    `handled     128 at once : ${median(rates).toFixed(0).padStart(7)}/s ${median(cpu).toFixed(1).padStart(6)} µs CPU, beside commands in this process ${perSecond.toFixed(0)}/s ${cpuMicros.toFixed(1)} µs CPU, ratio ${(median(rates) / perSecond).toFixed(2)}`,
  );
}

async function openSchema(): Promise<Database> {
  const schema = `bench_${randomUUID().replaceAll("-", "")}`;
  const database = await openDatabase({ url: values.url, schema, logger });
  await migrate(database);
  return database;
}

async function main(): Promise<void> {
  const database = await openSchema();
  const journal = createJournal({ database });
  const broker = await openBroker({
    url: values.nats,
    name: "bench",
    prefix: `bench-${randomUUID().slice(0, 8)}-`,
    logger,
  });
  try {
    if (only.has("tells")) await clientTells(broker);
    if (only.has("effects")) await effects(journal);
    if (only.has("handled")) await handled(broker, journal);
  } finally {
    for await (const name of broker.manager.streams.names())
      if (name.replace(/^KV_/, "").startsWith(broker.prefix)) await broker.manager.streams.delete(name);
    await journal.close();
    await database.sql`drop schema ${database.sql(database.schema)} cascade`;
    await Promise.all([broker.close(), database.close()]);
  }
}

await main();
