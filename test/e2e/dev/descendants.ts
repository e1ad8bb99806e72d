// Which processes are below another, and which of a set still run.
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly zombie: boolean;
}

async function processes(): Promise<readonly ProcessRow[]> {
  const { stdout } = await promisify(execFile)("ps", ["-eo", "pid=,ppid=,stat="]);
  return stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .map(([pid, parent, stat]) => ({
      pid: Number(pid),
      parent: Number(parent),
      zombie: stat?.startsWith("Z") === true,
    }));
}

/** All processes below one, however deep. */
export async function descendants(root: number): Promise<readonly number[]> {
  const rows = await processes();
  const found = new Set([root]);
  for (let size = 0; size < found.size;) {
    size = found.size;
    for (const { pid, parent, zombie } of rows) if (found.has(parent) && !zombie) found.add(pid);
  }
  found.delete(root);
  return [...found];
}

/** Those that still run when none is left or the time is over. */
export async function remaining(pids: Iterable<number>, timeoutMs: number): Promise<readonly number[]> {
  const wanted = new Set(pids);
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const rows = await processes();
    const left = rows.filter(({ pid, zombie }) => wanted.has(pid) && !zombie).map(({ pid }) => pid);
    if (left.length === 0 || performance.now() > deadline) return left;
    await sleep(50);
  }
}
