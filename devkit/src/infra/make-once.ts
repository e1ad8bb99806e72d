// Puts a program into the cache once: two processes that need it become one that makes it and one that waits.
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { acquireFileLock } from "./file-lock.ts";
import type { PartContext } from "./part.ts";
import type { Tool } from "./tools.ts";

const lifeSignMs = 2000;

/** Runs `make` unless the program is there, or waits for the process that does; says whether it ran. */
export async function makeOnce(
  { tool, to }: { readonly tool: Tool; readonly to: string },
  { step, supervisor, signal }: PartContext,
  make: () => Promise<void>,
): Promise<boolean> {
  await mkdir(dirname(to), { recursive: true });
  let lastSign = Number.NEGATIVE_INFINITY;
  const lock = await acquireFileLock(`${to}.lock`, {
    guardPid: supervisor.guardPid(),
    signal,
    wait({ pid }) {
      if (performance.now() - lastSign > lifeSignMs) {
        lastSign = performance.now();
        step.progress(`process ${pid} gets ${tool.command}: waiting for it`);
      }
      return true;
    },
  });
  try {
    if (existsSync(to)) return false;
    await make();
    return true;
  } finally {
    lock.release();
  }
}
