// Runs the commands that join programs, and looks at what they did.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createRegistry, type InstanceState, type Registry } from "@samspel/registry";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import type { Test } from "tap";
import { until } from "../../support/until.ts";

const root = join(import.meta.dirname, "../../..");
const main = join(root, "devkit/src/cli/main.ts");

export const plainServer: readonly string[] = [
  process.execPath,
  "--conditions=samspel-source",
  join(import.meta.dirname, "fixtures/plain-server.ts"),
];

/** The proto files of the plain server. */
export const echoProto: string = join(root, "test/proto/samspel/test/v1/echo.proto");

export interface Command {
  readonly out: readonly string[];
  readonly err: readonly string[];
  readonly pid: number;
  signal(name: NodeJS.Signals): void;
  /** Its exit code, and null where a signal ended it. */
  readonly code: Promise<number | null>;
  /** A line of either output that matches. */
  said(what: RegExp): Promise<string>;
}

export interface Registered {
  readonly url: string;
  readonly registry: Registry;
  samspel(...args: readonly string[]): Command;
  /** The instances of a service, once there are some. */
  instances(name: string): Promise<readonly InstanceState[]>;
  gone(name: string): Promise<void>;
}

/** A registry of the test's own, or one that runs. */
export async function registered(t: Test, given?: string): Promise<Registered> {
  let url = given;
  if (url === undefined) {
    const embedded = await startEmbeddedRegistry();
    t.teardown(() => embedded.close());
    ({ url } = embedded);
  }
  const registry = createRegistry({ url });
  t.teardown(() => registry.close());
  const environment = { ...process.env, CONSUL_HTTP_ADDR: url, NO_COLOR: "1" };
  return {
    url,
    registry,
    samspel: (...args) => run(t, args, environment),
    instances: (name) =>
      until(
        `${name} is registered`,
        async () => {
          const found = await registry.states(name);
          return found.length > 0 && found;
        },
        30_000,
      ),
    async gone(name) {
      await until(`${name} is gone`, async () => (await registry.states(name)).length === 0, 30_000);
    },
  };
}

function run(t: Test, args: readonly string[], env: NodeJS.ProcessEnv): Command {
  const child = spawn(process.execPath, ["--conditions=samspel-source", main, ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err]: [string[], string[]] = [[], []];
  createInterface({ input: child.stdout }).on("line", (line) => out.push(line));
  createInterface({ input: child.stderr }).on("line", (line) => err.push(line));
  const code = new Promise<number | null>((resolve) => child.once("close", resolve));
  t.teardown(async () => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
    await code;
    clearTimeout(timer);
  });
  return {
    out,
    err,
    pid: child.pid ?? 0,
    signal: (name) => void child.kill(name),
    code,
    said: (what) =>
      until(`it says ${what.source}`, () => [...out, ...err].find((line) => what.test(line)), 30_000),
  };
}

/** Whether a process is there. */
export function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** What the plain server says of itself first. */
export async function selfOf(
  command: Command,
): Promise<{ readonly pid: number; readonly port?: string; readonly samspelPort?: string }> {
  return JSON.parse(await command.said(/^\{"pid"/));
}
