// Runs `samspel dev` as a user would, as a child process, and follows what it tells.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Test } from "tap";
import { descendants } from "./descendants.ts";

const main = fileURLToPath(new URL("../../../devkit/src/cli/main.ts", import.meta.url));
const fixture = fileURLToPath(new URL("fixtures/service.mjs", import.meta.url));

/** How long anything may take on a slow machine. */
const deadlineMs = 60_000;

/** One line of `--json`. */
type DevLine = Readonly<Record<string, unknown>> & { readonly type: string };

/** What `ready` tells. */
export interface ReadyLine extends DevLine {
  readonly tookMs: number;
  readonly services: readonly { readonly name: string; readonly url: string; readonly pid: number }[];
  readonly infra: readonly { readonly name: string; readonly url: string; readonly pid?: number }[];
  readonly try: readonly string[];
}

export interface DevRun {
  readonly lines: readonly DevLine[];
  /** All that was written, also what is not JSON. */
  readonly text: string;
  /** Each process that was seen below the run. */
  readonly seen: ReadonlySet<number>;
  /** The next line that matches, or one from before; with `from`, not one before that many lines. */
  until(matches: (line: DevLine) => boolean, from?: number): Promise<DevLine>;
  ready(): Promise<ReadyLine>;
  signal(name: NodeJS.Signals): void;
  /** From now on nobody reads what it writes. */
  closeOutput(): void;
  /** Resolves with the exit code, or the signal that killed it, when the run is over. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** A project in a folder of its own. `extra` is put into each service's entry. */
export async function testProject(
  t: Test,
  services: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "samspel-dev-"));
  // Under root, Postgres runs as another user, who must pass: else its data would lie elsewhere, and stay.
  await chmod(dir, 0o711);
  t.teardown(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));
  const entries = Object.entries(services).map(([name, extra]) => [
    name,
    { command: ["node", fixture, name], ...extra },
  ]);
  // The name is the folder's, so that stable ports differ between tests that run beside each other.
  const name = `p-${dir.slice(dir.lastIndexOf("-") + 1).toLowerCase()}`;
  const project = {
    name,
    services: Object.fromEntries(entries),
    try: "greeter" in services ? ["curl {greeter.url}/"] : [],
  };
  await writeFile(join(dir, "samspel.json"), JSON.stringify(project));
  return dir;
}

/** `samspel` with these arguments; it is killed at the end of the test if it still runs. */
export function runSamspel(
  t: Test,
  args: readonly string[],
  { underNpm = false }: { readonly underNpm?: boolean } = {},
): DevRun {
  const env = { ...process.env };
  for (const name of ["DATABASE_URL", "NATS_URL", "CONSUL_HTTP_ADDR", "FORCE_COLOR"]) delete env[name];
  const command = [process.execPath, "--conditions=samspel-source", main, ...args] as const;
  // As npm does, a process in between that does nothing but wait.
  const [program, ...rest] = underNpm
    ? (["/bin/sh", "-c", '"$@"; exit $?', "sh", ...command] as const)
    : command;
  const child = spawn(program, rest, {
    env: underNpm ? { ...env, npm_lifecycle_event: "start" } : env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: DevLine[] = [];
  const waiting = new Set<() => void>();
  let text = "";
  const take = (line: string): void => {
    text += `${line}\n`;
    const parsed = parse(line);
    if (parsed !== undefined) lines.push(parsed);
    for (const wake of waiting) wake();
  };
  createInterface({ input: child.stdout }).on("line", take);
  createInterface({ input: child.stderr }).on("line", take);

  const seen = new Set<number>();
  const look = async (): Promise<void> => {
    for (const pid of await descendants(child.pid ?? 0)) seen.add(pid);
  };
  const looking = setInterval(() => void look(), 100);
  const ended = once(child, "close").then(() => child.signalCode ?? child.exitCode ?? 0);
  let over = false;
  void ended.then(() => {
    over = true;
    clearInterval(looking);
    for (const wake of waiting) wake();
  });
  t.teardown(() => endRun(child, ended));

  const until: DevRun["until"] = async (matches, from = 0) => {
    const deadline = performance.now() + deadlineMs;
    for (;;) {
      const found = lines.slice(from).find(matches);
      if (found !== undefined) return found;
      // Not when the process has ended: what it started may go on and have more to say.
      if (over) throw new Error(`It is over:\n${text}`);
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) throw new Error(`It did not come within ${deadlineMs} ms:\n${text}`);
      await wakened(waiting, leftMs);
    }
  };
  return {
    lines,
    seen,
    ended,
    get text() {
      return text;
    },
    until,
    async ready() {
      const line = (await until(({ type }) => type === "ready")) as ReadyLine;
      await look();
      return line;
    },
    signal: (name) => void child.kill(name),
    closeOutput: () => void child.stdout.destroy(),
  };
}

function parse(line: string): DevLine | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && "type" in value
      ? { ...value, type: String(value.type) }
      : undefined;
  } catch {
    return undefined;
  }
}

function wakened(waiting: Set<() => void>, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      waiting.delete(wake);
      resolve();
    };
    const timer = setTimeout(wake, timeoutMs);
    waiting.add(wake);
  });
}

async function endRun(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  // Its guard ends what it started.
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  await ended;
}
