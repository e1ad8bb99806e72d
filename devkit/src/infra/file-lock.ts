// A lock that is a file with the holder's pid: it holds between processes of one machine and dies with its holder.
//
//   L1. The file appears with its whole content (written aside, then linked), so nobody reads half of it.
//   L2. A holder that is dead holds nothing: pid and, on Linux, its time of birth say who it was.
//   L3. A holder's guard counts as the holder: what it started is still being stopped.
//   L4. A file that names no holder (its disk was full, its machine lost power) is held by nobody.
import { randomUUID } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

const pollMs = 25;

interface Holder {
  readonly id: string;
  readonly pid: number;
  readonly born: string | undefined;
  readonly guardPid: number | undefined;
}

/** A lock that is held. */
export interface FileLock {
  release(): void;
}

export interface FileLockOptions {
  /** Our guard, if it stops things for us after our death. */
  readonly guardPid?: number | undefined;
  /**
   * Asked again and again while another holds the lock; says whether to go on waiting. `dying` means that the
   * holder is dead and its guard is still at work.
   */
  readonly wait: (holder: { readonly pid: number; readonly dying: boolean }) => boolean;
  readonly signal?: AbortSignal | undefined;
}

/** The lock is held by another process, and we do not wait for it. */
export class LockedError extends Error {
  static {
    this.prototype.name = "LockedError";
  }

  readonly pid: number;

  constructor(path: string, pid: number) {
    super(`${path} is held by process ${pid}`);
    this.pid = pid;
  }
}

/** Takes the lock, or waits for it as long as `wait` says. @throws LockedError when it says no. */
export async function acquireFileLock(path: string, options: FileLockOptions): Promise<FileLock> {
  const id = randomUUID();
  const mine = `${path}.${id}`;
  const me: Holder = { id, pid: process.pid, born: birthOf(process.pid), guardPid: options.guardPid };
  try {
    await writeFile(mine, JSON.stringify(me));
    while (!(await tryLink(mine, path))) {
      options.signal?.throwIfAborted();
      const holder = await readHolder(path);
      if (holder === undefined) continue;
      if (holder === "nobody") {
        await removeStale(path, undefined);
        continue;
      }
      const dying = !lives(holder.pid, holder.born);
      if (dying && (holder.guardPid === undefined || !lives(holder.guardPid, undefined))) {
        await removeStale(path, holder);
      } else {
        if (!options.wait({ pid: holder.pid, dying })) throw new LockedError(path, holder.pid);
        await delay(pollMs, undefined, { signal: options.signal });
      }
    }
  } finally {
    await rm(mine, { force: true });
  }
  return { release: () => releaseOwn(path, id) };
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** Undefined: there is no such file. */
async function readHolder(path: string): Promise<Holder | "nobody" | undefined> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null;
    return typeof holder?.pid === "number" ? (holder as Holder) : "nobody";
  } catch {
    return "nobody";
  }
}

// Two who see the same dead holder must not remove each other's new lock: what was moved aside is looked at again.
async function removeStale(path: string, stale: Holder | undefined): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  const moved = await readHolder(aside);
  if (moved !== undefined && moved !== "nobody" && moved.id !== stale?.id) await tryLink(aside, path);
  await rm(aside, { force: true });
}

function releaseOwn(path: string, id: string): void {
  try {
    if ((JSON.parse(readFileSync(path, "utf8")) as Holder).id === id) rmSync(path, { force: true });
  } catch {
    // It is gone: the data folder was deleted under us.
  }
}

function lives(pid: number, born: string | undefined): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  if (process.platform !== "linux") return true;
  const now = birthOf(pid);
  return now !== undefined && (born === undefined || now === born);
}

/** When a process was born, in ticks since boot; undefined for zombies and where /proc is not. */
function birthOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
