// The data folder of one run: locked, so that two runs never share it; emptied when a fresh start is asked for.
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { diskReason } from "../disk/index.ts";
import { acquireFileLock, LockedError, type FileLock } from "./file-lock.ts";
import { InfraError } from "./infra-error.ts";
import type { ResolvedInfraOptions } from "./options.ts";
import { postgresHome } from "./postgres.ts";

// A killed run's guard gives Postgres 10 s to end.
const dyingTimeoutMs = 20_000;

/** Makes and locks the folder. @throws InfraError that names the process which holds it. */
export async function openDataDir(options: ResolvedInfraOptions): Promise<FileLock> {
  const { dataDir, reporter, supervisor, signal } = options;
  const path = join(dataDir, "run.lock");
  const deadline = performance.now() + dyingTimeoutMs;
  let waiting = false;
  try {
    await mkdir(dataDir, { recursive: true });
    const lock = await acquireFileLock(path, {
      guardPid: supervisor.guardPid(),
      signal,
      wait({ pid, dying }) {
        if (dying && !waiting) reporter.step("data folder").done(`waiting for what run ${pid} left to end`);
        waiting = true;
        return dying && performance.now() < deadline;
      },
    });
    if (options.fresh) await deleteData(dataDir);
    return lock;
  } catch (error) {
    throw describe(error, dataDir, path);
  }
}

async function deleteData(dataDir: string): Promise<void> {
  const folders = [await postgresHome(dataDir), join(dataDir, "nats")];
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
}

function describe(error: unknown, dataDir: string, lockFile: string): unknown {
  if (error instanceof LockedError) {
    return new InfraError(
      `Cannot start on ${dataDir} as process ${error.pid} runs on it: stop that one, or use another data folder ` +
        `(if ${error.pid} is no such run, delete ${lockFile})`,
      { cause: error },
    );
  }
  const reason = diskReason(error);
  return reason === undefined
    ? error
    : new InfraError(`Cannot start on ${dataDir}: ${reason}`, { cause: error });
}
