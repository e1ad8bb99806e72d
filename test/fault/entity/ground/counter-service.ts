// Instances of the counter service: real processes, each on a port that it keeps when it is started again.
import { join } from "node:path";
import { freePort, superviseProcesses, type SupervisedProcess, type Supervisor } from "samspel/process";
import type { Test } from "tap";
import { consulUrl } from "../../../support/environment.ts";

const main = join(import.meta.dirname, "../fixtures/counter-main.ts");

export interface Instance {
  readonly url: string;
  readonly process: SupervisedProcess;
  /** Ends it as `kill -9` does. */
  kill(): Promise<void>;
  /** SIGTERM; how it ended. */
  stop(): Promise<string>;
  /** Starts it again, on the same port. */
  start(): Promise<void>;
}

export interface CounterServiceOptions {
  readonly databaseUrl: string;
  readonly schema: string;
  /** Default 2. */
  readonly instances?: number;
  /** For Node, before the file, such as `--import`. */
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the instances; they end with the test, also when it is killed. */
export async function startCounterService(
  t: Test,
  options: CounterServiceOptions,
): Promise<readonly Instance[]> {
  const supervisor = superviseProcesses();
  t.teardown(() => supervisor.stop());
  return Promise.all(
    Array.from({ length: options.instances ?? 2 }, () => startInstance(supervisor, options)),
  );
}

async function startInstance(
  supervisor: Supervisor,
  { databaseUrl, schema, nodeArgs = [], env = {} }: CounterServiceOptions,
): Promise<Instance> {
  const port = await freePort();
  const launch = async (): Promise<SupervisedProcess> => {
    const child = await supervisor.start({
      name: `counter:${port}`,
      command: process.execPath,
      graceMs: 30_000,
      args: ["--conditions=samspel-source", ...nodeArgs, main],
      env: {
        PATH: process.env["PATH"],
        // A name of its own for each schema, as other tests use the registry too.
        SERVICE_NAME: `counter-${schema.replaceAll("_", "-").slice(0, 40)}`,
        DATABASE_URL: databaseUrl,
        SAMSPEL_SCHEMA: schema,
        SAMSPEL_PORT: String(port),
        CONSUL_HTTP_ADDR: consulUrl(),
        ...env,
      },
    });
    await ready(child);
    return child;
  };
  let current = await launch();
  return {
    url: `http://127.0.0.1:${port}`,
    get process() {
      return current;
    },
    async kill() {
      await current.kill();
    },
    async stop() {
      const exit = await current.stop();
      return exit.type === "exited" ? `exited with ${exit.code}` : `killed by ${exit.signal}`;
    },
    async start() {
      current = await launch();
    },
  };
}

async function ready(child: SupervisedProcess): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const off = child.onLine(({ text }) => {
    if (text.includes("service is ready")) resolve();
  });
  const ended = child.ended.then(({ exit }) => {
    const lines = child.lastLines.map(({ text }) => text).join("\n");
    throw new Error(`${child.name} ended before it was ready: ${JSON.stringify(exit)}\n${lines}`);
  });
  ended.catch(() => {});
  await Promise.race([promise, ended]);
  off();
}
