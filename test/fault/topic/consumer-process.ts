// An instance of a group as a process of its own, which tests kill and freeze. What it handles goes into a file, one
// line a message, before the handler is done.
import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { createLogger } from "../../../ts-runtime/src/telemetry/index.ts";
import { openBroker, runSubscription, subscribe } from "../../../ts-runtime/src/topic/index.ts";
import { CounterTopics } from "../../gen/samspel/test/v1/counter_pb.ts";

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

const file = setting("HANDLED_FILE");
const killer = BigInt(process.env["KILLER"] ?? "-1");
const workMs = Number(process.env["WORK_MS"] ?? "1");
const logger = createLogger({ service: "consumer", level: "warn" });
const broker = await openBroker({
  url: setting("NATS_URL"),
  prefix: setting("SAMSPEL_TOPIC_PREFIX"),
  name: "consumer",
  logger,
});
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
const subscription = subscribe(CounterTopics.method.changed, {
  group: "processes",
  retry: { maxAttempts: 2 },
  handler: async ({ counterId, value }, { attempt }) => {
    await sleep(workMs);
    if (value === killer) process.kill(process.pid, "SIGKILL");
    appendFileSync(
      file,
      `${counterId} ${value} ${process.pid} ${attempt} ${performance.timeOrigin + performance.now()}\n`,
    );
  },
});
console.log("service is ready");
await runSubscription({ subscription, broker, logger, signal: stop.signal, graceMs: 5_000 });
await broker.close();
