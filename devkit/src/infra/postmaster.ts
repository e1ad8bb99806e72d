// What a postmaster.pid means: a Postgres that runs, one that died, or a number that is now another process's.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

export type PostmasterState =
  | { readonly type: "none" }
  | { readonly type: "running"; readonly pid: number }
  /** The process is dead: Postgres itself recovers from that. */
  | { readonly type: "dead" }
  /** The process lives but is no Postgres on this folder. */
  | { readonly type: "foreign"; readonly pid: number };

/** Reads the text of a postmaster.pid, and asks the system who that process is. */
export async function postmasterOf(folder: string, pidFile: string): Promise<PostmasterState> {
  const pid = Number.parseInt(pidFile, 10);
  if (Number.isNaN(pid) || pid <= 0) return { type: "none" };
  const command = await commandOf(pid);
  if (command === undefined) return { type: "dead" };
  return command.includes("postgres") && command.includes(folder)
    ? { type: "running", pid }
    : { type: "foreign", pid };
}

/** The command line of a living process. */
async function commandOf(pid: number): Promise<string | undefined> {
  try {
    if (process.platform !== "linux") {
      return (await promisify(execFile)("ps", ["-o", "command=", "-p", String(pid)])).stdout;
    }
    // Empty for a zombie, which holds nothing.
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8");
    return command === "" ? undefined : command.replaceAll("\0", " ");
  } catch {
    return undefined;
  }
}
