// A disk of some megabytes, to be filled: a file system in memory, mounted for one test. It needs root, or `sudo` that
// asks for no password, as machines of CI have it.
import { execFile } from "node:child_process";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { superviseProcesses } from "samspel/process";
import type { Test } from "tap";

const run = promisify(execFile);

export interface SmallDisk {
  readonly folder: string;
  /** Takes all the room that is left. */
  fill(): Promise<void>;
  /** Gives it back. */
  makeRoom(): Promise<void>;
}

const chunk = Buffer.alloc(64 * 1024);

/** Mounts a disk; it goes with the test, also when that is killed. Undefined where this machine does not permit it. */
export async function mountSmallDisk(t: Test, megabytes: number): Promise<SmallDisk | undefined> {
  const sudo = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  if (process.platform !== "linux" || !(await mayMount(sudo))) return undefined;
  const supervisor = superviseProcesses();
  t.teardown(() => supervisor.stop());
  const folder = await mkdtemp(join(tmpdir(), "samspel-disk-"));
  supervisor.removeAtEnd(folder);
  const as = sudo.join(" ");
  const uid = process.getuid?.() ?? 0;
  // A process that holds the mount, so that the guard ends both when we are killed.
  const holder = await supervisor.start({
    name: "small disk",
    tier: "infra",
    command: "bash",
    args: [
      "-c",
      `trap '${as} umount -l ${folder}; exit' TERM
      ${as} mount -t tmpfs -o size=${megabytes}m,mode=0711,uid=${uid} tmpfs ${folder} && echo mounted
      while true; do sleep 3600 & wait $!; done`,
    ],
  });
  await new Promise<void>((resolve) => void holder.onLine(() => resolve()));
  const ballast = join(folder, "ballast");
  return {
    folder,
    async fill() {
      const file = await open(ballast, "a");
      try {
        for (;;) await file.write(chunk);
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
      } finally {
        await file.close();
      }
    },
    makeRoom: () => rm(ballast),
  };
}

async function mayMount(sudo: readonly string[]): Promise<boolean> {
  const [command, ...args] = [...sudo, "unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", tmpdir()];
  return run(command, args).then(
    () => true,
    () => false,
  );
}
