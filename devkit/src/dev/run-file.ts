// Where a run says what others need to join it: a file in the user's cache folder, for as long as it runs.
//
//   S1. A file counts while its run holds the lock beside it: what a killed run leaves is removed by who sees it.
//   S2. Only the user may read it: it has the database's password.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { acquireFileLock, cacheFolder, LockedError } from "../infra/index.ts";
import { DevError } from "./dev-error.ts";

/** What a run tells. */
export interface RunFacts {
  readonly name: string;
  /** The project's folder. */
  readonly dir: string;
  readonly pid: number;
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly registryUrl: string;
  readonly collectorUrl?: string | undefined;
  readonly gatewayUrl?: string | undefined;
  readonly dashboardUrl?: string | undefined;
}

/** A run that can be joined. */
export interface PublishedRun {
  /** Nobody can join it any more. */
  end(): Promise<void>;
}

const lookMs = 300;
const watchMs = 1000;

const folder = (): string => join(cacheFolder(process.env), "runs");

/** Lets others join. A second run of the same project, which has infra of its own, keeps quiet. */
export async function publishRun(facts: RunFacts): Promise<PublishedRun> {
  const dir = folder();
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const file = join(
    dir,
    `${facts.name}-${createHash("sha256").update(facts.dir).digest("hex").slice(0, 12)}`,
  );
  try {
    // Who looks whether a run is there holds it for a moment.
    const until = performance.now() + lookMs;
    const lock = await acquireFileLock(`${file}.lock`, { wait: () => performance.now() < until });
    await writeFile(`${file}.new`, JSON.stringify(facts), { mode: 0o600 });
    await rename(`${file}.new`, `${file}.json`);
    return {
      async end() {
        await rm(`${file}.json`, { force: true });
        lock.release();
      },
    };
  } catch (error) {
    if (error instanceof LockedError) return { end: async () => {} };
    throw error;
  }
}

/**
 * The run that is meant: by the name or the folder of its project, or the only one.
 *
 * @throws DevError that names those that run, where none or several match.
 */
export async function findRun(wanted: string): Promise<RunFacts> {
  const runs = await livingRuns();
  const path = resolve(wanted);
  const found = wanted === "" ? runs : runs.filter(({ name, dir }) => name === wanted || dir === path);
  const [run, ...others] = found;
  if (run !== undefined && others.length === 0) return run;
  const list = runs.map(({ name, dir }) => `${name} (${dir})`).join(", ");
  const what = wanted === "" ? "a system" : wanted;
  if (run === undefined)
    throw new DevError(
      `Cannot join ${what}, as it does not run: ${list === "" ? "no system runs; start one with `samspel dev`" : `there are ${list}`}`,
    );
  throw new DevError(`Cannot join, as several systems run: name one by --join <name or folder>: ${list}`);
}

/** Tells when the run ends, and when its project runs again, on the same infra; returns how to stop that. */
export function watchRun({ dir }: RunFacts, onState: (runs: boolean) => void): () => void {
  let before = true;
  const look = async (): Promise<void> => {
    const runs = (await livingRuns()).some((run) => run.dir === dir);
    if (runs !== before) onState(runs);
    before = runs;
  };
  const timer = setInterval(() => void look(), watchMs).unref();
  return () => clearInterval(timer);
}

async function livingRuns(): Promise<readonly RunFacts[]> {
  const dir = folder();
  const names = await readdir(dir).catch(() => []);
  const runs = names
    .filter((name) => name.endsWith(".json"))
    .map(async (name) => {
      const file = join(dir, name.slice(0, -".json".length));
      if (!(await isHeld(`${file}.lock`))) {
        await rm(`${file}.json`, { force: true });
        return [];
      }
      // Only `publishRun` writes there, and whole.
      const text = await readFile(`${file}.json`, "utf8").catch(() => undefined);
      return text === undefined ? [] : [JSON.parse(text) as RunFacts];
    });
  return (await Promise.all(runs)).flat();
}

/** Held by a process that lives (S1). */
async function isHeld(lock: string): Promise<boolean> {
  try {
    const taken = await acquireFileLock(lock, { wait: () => false });
    taken.release();
    return false;
  } catch (error) {
    if (error instanceof LockedError) return true;
    throw error;
  }
}
