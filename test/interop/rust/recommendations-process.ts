// Runs the example's recommendations, as it would run anywhere: a program and its environment.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { superviseProcesses, type ProcessExit, type SupervisedProcess } from "samspel/process";
import type { Test } from "tap";
import { RecommendationService } from "../../../examples/shopping-cart/gen/recommendations/v1/recommendations_api_pb.ts";
import { consulUrl, databaseUrl, natsUrl } from "../../support/environment.ts";
import { until } from "../../support/until.ts";
import { buildMs, rustFolder } from "./toolchain.ts";

const program = join(rustFolder, "target/debug/recommendations");

/** A service waits for NATS for 10 s before it gives up. */
const patienceMs = 60_000;

export type RecommendationClient = Client<typeof RecommendationService>;

/** One line of the service's log. */
interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface RecommendationsProcess {
  readonly url: string;
  readonly id: string;
  readonly pid: number;
  readonly client: RecommendationClient;
  readonly logs: readonly LogLine[];
  /** What it wrote that is no log line; must stay empty. */
  readonly noise: readonly string[];
  /** Sends SIGTERM, and waits for the end. */
  stop(): Promise<ProcessExit>;
  /** Ends it as `kill -9` does. */
  kill(): Promise<ProcessExit>;
}

/** Builds the program; quick where the gate has run. */
export async function buildRecommendations(): Promise<void> {
  const args = ["build", "--quiet", "--locked", "--package", "recommendations", "--target-dir", "target"];
  await promisify(execFile)("cargo", args, { cwd: rustFolder, timeout: buildMs });
}

/** Starts it and waits until it is ready; it ends with the test. */
export async function startRecommendations(
  t: Test,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<RecommendationsProcess> {
  const supervisor = superviseProcesses();
  t.teardown(() => supervisor.stop());
  const child = await supervisor.start({
    name: "recommendations",
    command: program,
    args: [],
    graceMs: 30_000,
    env: {
      PATH: process.env["PATH"],
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
    "recommendations is ready",
    () => {
      if (child.state.type === "ended") throw new Error(`it ended: ${JSON.stringify([...logs, ...noise])}`);
      return logs.find(({ msg }) => msg === "ready");
    },
    patienceMs,
  );
  return running(child, Number(ready?.["port"]), logs, noise);
}

function running(
  child: SupervisedProcess,
  port: number,
  logs: readonly LogLine[],
  noise: readonly string[],
): RecommendationsProcess {
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    id: `recommendations-127-0-0-1-${port}`,
    pid: child.pid,
    client: createClient(RecommendationService, createGrpcTransport({ baseUrl: url })),
    logs,
    noise,
    stop: () => child.stop(),
    kill: () => child.kill(),
  };
}
