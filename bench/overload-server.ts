// The server of the measurement of overload, in a process of its own: its handlers wait for a pool, or work on the processor.
// It says its port by IPC, tells its memory when it is asked, and ends with its parent.
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { EchoService } from "../test/gen/samspel/test/v1/echo_pb.ts";
import { bind, drainingSignal, startRpcServer } from "../ts-runtime/src/service/index.ts";
import { createLogger } from "../ts-runtime/src/telemetry/index.ts";

const { values } = parseArgs({
  options: {
    handler: { type: "string", default: "pool" },
    unlimited: { type: "boolean", default: false },
  },
});

const poolSize = 10;
const workMs = { pool: 50, processor: 5 };

let busy = 0;
const waiting: (() => void)[] = [];

/** As a handler that needs one of ten connections for 50 ms. */
async function withPool(): Promise<void> {
  if (busy < poolSize) busy += 1;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  await sleep(workMs.pool);
  const next = waiting.shift();
  if (next === undefined) busy -= 1;
  else next();
}

/** As a handler that reckons for 5 ms, before and after it asks somebody. */
async function withProcessor(): Promise<void> {
  reckon(workMs.processor / 2);
  await turn();
  reckon(workMs.processor / 2);
}

function reckon(ms: number): void {
  for (const untilMs = performance.now() + ms; performance.now() < untilMs;);
}

const work = values.handler === "pool" ? withPool : withProcessor;
const server = await startRpcServer({
  logger: createLogger({ service: "bench", level: "error" }),
  ...(values.unlimited ? { limits: { concurrency: false } } : {}),
  bindings: [
    bind(EchoService, {
      async echo({ text }) {
        await work();
        return { text };
      },
      echoOnce: ({ text }) => ({ text }),
      async *echoMany({ text }, context) {
        yield { text };
        await once(drainingSignal(context), "abort");
      },
      echoJoined: async () => ({}),
      async *echoEach() {},
    }),
  ],
});

process.once("disconnect", () => process.exit());
process.on("message", () => {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  process.send?.({ rss, heapUsed, external });
});
process.send?.({ port: server.port });
