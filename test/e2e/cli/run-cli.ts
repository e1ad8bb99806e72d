// Runs `samspel`, as a person or a script does.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";

export const root: string = join(import.meta.dirname, "../../..");
const main = join(root, "devkit/src/cli/main.ts");

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
  const child = spawn(process.execPath, ["--conditions=samspel-source", main, ...args], {
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], NO_COLOR: "1", ...env },
    cwd,
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end(input);
  const code = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, out, err };
}

/** The JSON lines of an output. */
export function jsonLines({ out }: Ended): readonly unknown[] {
  return out
    .split("\n")
    .filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line));
}
