// Instances of a service as real processes, to be killed, frozen and started again, each on a port that it keeps.
import { freePort, superviseProcesses, type SupervisedProcess, type Supervisor } from "samspel/process";
import type { Test } from "tap";
import { consulUrl } from "./environment.ts";

export interface ServiceInstance {
  readonly url: string;
  readonly process: SupervisedProcess;
  /** Ends it as `kill -9` does. */
  kill(): Promise<void>;
  /** SIGTERM; how it ended. */
  stop(): Promise<string>;
  /** Starts it again, on the same port. */
  start(): Promise<void>;
  /** SIGSTOP: it does nothing, and does not know. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
}

export interface ServiceInstanceOptions {
  /** The file that starts the service. */
  readonly main: string;
  /** For Node, before the file, such as `--import`. */
  readonly nodeArgs?: readonly string[];
  /** `SAMSPEL_PORT`, `PATH`, `NODE_COMPILE_CACHE` and `CONSUL_HTTP_ADDR` are set; the rest is the service's. */
  readonly env: Readonly<Record<string, string>>;
}

/** Starts instances of a service; they end with the test, also when it is killed. */
export async function startInstances(
  t: Test,
  count: number,
  options: ServiceInstanceOptions,
): Promise<readonly ServiceInstance[]> {
  const supervisor = superviseProcesses();
  t.teardown(() => supervisor.stop());
  return Promise.all(Array.from({ length: count }, () => startInstance(supervisor, options)));
}

async function startInstance(
  supervisor: Supervisor,
  { main, nodeArgs = [], env }: ServiceInstanceOptions,
): Promise<ServiceInstance> {
  const port = await freePort();
  const launch = async (): Promise<SupervisedProcess> => {
    const child = await supervisor.start({
      name: `${env["SERVICE_NAME"] ?? "service"}:${port}`,
      command: process.execPath,
      graceMs: 30_000,
      args: ["--conditions=samspel-source", ...nodeArgs, main],
      env: {
        PATH: process.env["PATH"],
        // One of the run's many starts compiles for all.
        NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"],
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
    freeze: () => void process.kill(current.pid, "SIGSTOP"),
    thaw: () => void process.kill(current.pid, "SIGCONT"),
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
