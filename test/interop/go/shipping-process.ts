// Runs the example's shipping, and looks at what it publishes.
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { JetStreamManager } from "nats";
import type { Test } from "tap";
import { superviseProcesses, type ProcessExit } from "../../../devkit/src/process/index.ts";
import { ShippingService } from "../../../examples/shopping-cart/gen/shipping/v1/shipping_api_pb.ts";
import { ShipmentDispatchedSchema } from "../../../examples/shopping-cart/gen/shipping/v1/shipping_topics_pb.ts";
import { consulUrl, databaseUrl, natsUrl } from "../../support/environment.ts";
import { until } from "../../support/until.ts";

const root = join(import.meta.dirname, "../../..");

/** Where shipping's code is. */
export const shippingFolder = join(root, "examples/shopping-cart/shipping");

/** One line of the service's log. */
interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface ShippingProcess {
  readonly url: string;
  readonly id: string;
  readonly client: Client<typeof ShippingService>;
  readonly logs: readonly LogLine[];
  /** What it wrote that is no log line; must stay empty. */
  readonly noise: readonly string[];
  /** Sends SIGTERM, and waits for the end. */
  stop(): Promise<ProcessExit>;
  /** Sends SIGKILL, and waits for the end. */
  kill(): Promise<ProcessExit>;
}

/** Starts it and waits until it is ready; it ends with the test. */
export async function startShipping(
  t: Test,
  program: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ShippingProcess> {
  const supervisor = superviseProcesses();
  t.teardown(() => supervisor.stop());
  const child = await supervisor.start({
    name: "shipping",
    command: program,
    args: [],
    cwd: shippingFolder,
    env: {
      DATABASE_URL: databaseUrl(),
      NATS_URL: natsUrl(),
      CONSUL_HTTP_ADDR: consulUrl(),
      ...environment,
    },
  });
  const logs: LogLine[] = [];
  const noise: string[] = [];
  child.onLine(({ stream, text }) => {
    if (stream === "stderr") noise.push(text);
    // Each line of the service's log has these fields.
    else logs.push(JSON.parse(text) as LogLine);
  });
  const ready = await until(
    "shipping is ready",
    () => {
      if (child.state.type === "ended")
        throw new Error(`shipping ended: ${JSON.stringify([...logs, ...noise])}`);
      return logs.find(({ msg }) => msg === "ready");
    },
    30_000,
  );
  const port = String(ready?.["port"]);
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    id: `shipping-127-0-0-1-${port}`,
    client: createClient(ShippingService, createGrpcTransport({ baseUrl: url })),
    logs,
    noise,
    stop: () => child.stop(),
    kill: () => child.kill(),
  };
}

/** What was published to shipping's topic: the id and the message of each, as the stream has them. */
export async function dispatchedMessages(
  manager: JetStreamManager,
  prefix: string,
): Promise<readonly { readonly id: string; readonly cartId: string; readonly items: object }[]> {
  const stream = `${prefix}shipping_v1_ShippingTopics_Dispatched`;
  const info = await manager.streams.info(stream).catch(() => undefined);
  const messages = [];
  for (let seq = info?.state.first_seq ?? 1; seq <= (info?.state.last_seq ?? 0); seq++) {
    const stored = await manager.streams.getMessage(stream, { seq });
    const { cartId, items } = fromBinary(ShipmentDispatchedSchema, stored.data);
    messages.push({ id: stored.header.get("ce-id"), cartId, items: { ...items } });
  }
  return messages;
}
