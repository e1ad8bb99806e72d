// The other process of the measurement of delivery: it says by IPC when each message reached a handler, ours and a bare
// pull consumer's, by the machine's monotonic clock. It ends with its parent.
import { fromBinary } from "@bufbuild/protobuf";
import { startService, subscribe } from "@samspel/runtime";
import { AckPolicy, connect, DeliverPolicy } from "nats";
import { CounterChangedSchema, CounterTopics } from "../test/gen/samspel/test/v1/counter_pb.ts";
import { createLogger } from "../ts-runtime/src/telemetry/index.ts";

const [natsUrl = "", registryUrl = "", topicPrefix = "", bareStream = ""] = process.argv.slice(2);
const reportEveryMs = 20;
let receipts: [number, string][] = [];

function received(value: bigint): void {
  receipts.push([Number(value), String(process.hrtime.bigint())]);
}

setInterval(() => {
  if (receipts.length === 0) return;
  process.send?.({ receipts });
  receipts = [];
}, reportEveryMs).unref();

const subscription = subscribe(CounterTopics.method.changed, {
  group: "bench",
  handler: ({ delta }) => received(delta),
});
await startService({
  name: "bench-subscriber",
  subscriptions: [subscription],
  natsUrl,
  registryUrl,
  topicPrefix,
  ownsProcess: false,
  logger: createLogger({ service: "bench", level: "warn" }),
});

const connection = await connect({ servers: natsUrl });
const manager = await connection.jetstreamManager();
await manager.consumers.add(bareStream, {
  durable_name: "bare",
  ack_policy: AckPolicy.Explicit,
  deliver_policy: DeliverPolicy.All,
  max_ack_pending: 10_000,
});
const bare = await connection.jetstream().consumers.get(bareStream, "bare");
await bare.consume({
  callback: (message) => {
    received(fromBinary(CounterChangedSchema, message.data).delta);
    message.ack();
  },
});
process.once("disconnect", () => process.exit());
process.send?.({ ready: true });
