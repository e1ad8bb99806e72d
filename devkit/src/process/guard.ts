// Our end of the guard process: nothing that we start outlives us, even when we are killed with SIGKILL (P3).
import { spawn, type ChildProcess } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { GuardMessage } from "./guard-main.ts";

/** The guard of one run. */
export interface Guard {
  readonly pid: number | undefined;
  tell(message: GuardMessage): void;
  /** Lets the guard end; resolves when it has ended what was still registered. */
  close(): Promise<void>;
}

/** Starts the guard (about 40 ms of its own; nobody waits for it: the pipe keeps what it is told). */
export function startGuard(): Guard {
  const script = fileURLToPath(new URL(`guard-main${extname(import.meta.filename)}`, import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [script], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    cwd: "/",
    env: {},
  });
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", () => resolve());
  });
  // A guard that somebody killed must not take us along; and it never keeps our process alive.
  child.stdin?.on("error", () => {});
  child.unref();
  if (child.stdin !== null && "unref" in child.stdin && typeof child.stdin.unref === "function")
    child.stdin.unref();
  return {
    pid: child.pid,
    tell: (message) => child.stdin?.write(`${JSON.stringify(message)}\n`),
    async close() {
      child.ref();
      child.stdin?.end();
      await ended;
    },
  };
}
