// Builds and runs the example's billing, and publishes to it what carts would.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { superviseProcesses, type ProcessExit } from "samspel/process";
import type { Test } from "tap";
import { BillingService } from "../../../examples/shopping-cart/gen/billing/v1/billing_api_pb.ts";
import { build, loadLanguage, MissingTool } from "../../../interop/suite/language.ts";
import { consulUrl, databaseUrl, natsUrl } from "../../support/environment.ts";
import { until } from "../../support/until.ts";

const root = join(import.meta.dirname, "../../..");
const run = promisify(execFile);

export const javaFolder: string = join(root, "interop/java");
/** A folder of this build alone, as the scenarios are built at the same time. */
const target = "target-billing";
/** A build with nothing in any cache, on a machine that runs other tests. */
export const buildMs = 600_000;

/** Why Java cannot be built here, if so. */
export async function missingJava(): Promise<string | undefined> {
  try {
    await build({ ...loadLanguage("java"), build: [] }, AbortSignal.timeout(60_000));
    return undefined;
  } catch (error) {
    if (error instanceof MissingTool) return error.message;
    throw error;
  }
}

/** Builds billing with the library that it uses. */
export async function buildBilling(): Promise<void> {
  const modules = "library,../../examples/shopping-cart/billing";
  const args = ["-B", "-q", "-DskipTests", `-Dsamspel.target=${target}`, "package", "-pl", modules];
  await run("mvn", args, { cwd: javaFolder, timeout: buildMs });
}

/** One line of the service's log. */
interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface BillingProcess {
  readonly url: string;
  readonly pid: number;
  readonly client: Client<typeof BillingService>;
  readonly logs: readonly LogLine[];
  /** What it wrote that is no log line; must stay empty. */
  readonly noise: readonly string[];
  /** Sends SIGTERM, and waits for the end. */
  stop(): Promise<ProcessExit>;
  /** Ends it as a crash would. */
  kill(): Promise<ProcessExit>;
}

/** Starts it and waits until it is ready; it ends with the test. */
export async function startBilling(
  t: Test,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<BillingProcess> {
  const supervisor = superviseProcesses();
  t.teardown(() => supervisor.stop());
  const child = await supervisor.start({
    name: "billing",
    command: "java",
    args: [
      "-XX:+UseSerialGC",
      "-XX:TieredStopAtLevel=1",
      "-Xmx256m",
      "-cp",
      `${target}/classes:${target}/lib/*`,
      "billing.Main",
    ],
    cwd: join(root, "examples/shopping-cart/billing"),
    env: {
      PATH: process.env["PATH"],
      JAVA_HOME: process.env["JAVA_HOME"],
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
    "billing is ready",
    () => {
      if (child.state.type === "ended")
        throw new Error(`billing ended: ${JSON.stringify([...logs, ...noise])}`);
      return logs.find(({ msg }) => msg === "ready");
    },
    60_000,
  );
  const url = `http://127.0.0.1:${String(ready["port"])}`;
  return {
    url,
    pid: child.pid,
    client: createClient(BillingService, createGrpcTransport({ baseUrl: url })),
    logs,
    noise,
    stop: () => child.stop(),
    kill: () => child.kill(),
  };
}
