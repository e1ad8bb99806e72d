// Runs `samspel`, as a person or a script does.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { format } from "node:util";
import { runCommandLine } from "../../../devkit/src/cli/program.ts";

export const root: string = join(import.meta.dirname, "../../..");
const main = join(root, "devkit/src/cli/main.ts");

/** For `env`: tap has each process that a test starts load its hooks, which not every program bears. */
export const withoutTap: readonly string[] = ["-u", "NODE_OPTIONS"];

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** For its standard input, which ends with it; default: none. */
  readonly input?: string;
}

/** Runs it to its end. */
export async function samspel(
  args: readonly string[],
  { env, cwd, input = "" }: RunOptions = {},
): Promise<Ended> {
  const child = spawn(
    "env",
    [...withoutTap, process.execPath, "--conditions=samspel-source", main, ...args],
    {
      // npm, which some commands run, may be set up by variables.
      env: { ...process.env, NO_COLOR: "1", ...env },
      cwd,
      stdio: ["pipe", "pipe", "pipe"],
    },
  );
  child.stdin.end(input);
  const code = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, out, err };
}

let busy: Promise<unknown> = Promise.resolve();

/**
 * The same within this process, which starts no other one: what it says by the console is caught, so one runs after the
 * other. `onError` is told what it has said on standard error so far, each time.
 */
export function samspelHere(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  onError: (text: string) => void = () => {},
): Promise<Ended> {
  const ended = busy.then(() => runHere(args, env, onError));
  busy = ended.catch(() => {});
  return ended;
}

async function runHere(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  onError: (text: string) => void,
): Promise<Ended> {
  const said = { out: "", err: "" };
  const before = { env: process.env, log: console.log, error: console.error };
  process.env = { ...before.env, NO_COLOR: "1", ...env };
  console.log = (...values: readonly unknown[]) => void (said.out += `${format(...values)}\n`);
  console.error = (...values: readonly unknown[]) => {
    said.err += `${format(...values)}\n`;
    onError(said.err);
  };
  try {
    return { code: await runCommandLine(["node", "samspel", ...args]), ...said };
  } finally {
    process.env = before.env;
    console.log = before.log;
    console.error = before.error;
  }
}

/** The JSON lines of an output. */
export function jsonLines({ out }: Ended): readonly unknown[] {
  return out
    .split("\n")
    .filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line));
}
