// Programs that generation runs: found in node_modules/.bin of the project and above, else on the PATH.
import { spawn } from "node:child_process";
import { delimiter, dirname, join } from "node:path";

export interface Outcome {
  /** 127 where there is no such program, as shells have it. */
  readonly code: number;
  /** What it wrote, to either output. */
  readonly output: string;
}

const notFound = 127;

/** Runs a program to its end. */
export function runProgram(
  [program, ...args]: readonly [string, ...string[]],
  cwd: string,
): Promise<Outcome> {
  const bins = ancestors(cwd).map((folder) => join(folder, "node_modules/.bin"));
  const env = { ...process.env, PATH: [...bins, process.env["PATH"]].join(delimiter) };
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const take = (chunk: Buffer): void => void (output += chunk.toString());
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.once("error", (error) => resolve({ code: notFound, output: error.message }));
    child.once("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

function ancestors(folder: string): readonly string[] {
  return dirname(folder) === folder ? [folder] : [folder, ...ancestors(dirname(folder))];
}
