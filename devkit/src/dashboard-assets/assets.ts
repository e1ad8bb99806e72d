// The folder of the dashboard's built pages. The package ships them; in the repository they are built from their sources
// when they are asked for, as what is built is never committed.
import { execFile } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

// Both from `src/dashboard-assets` and from `dist/dashboard-assets`.
const packageFolder = join(import.meta.dirname, "../..");
const repository = join(packageFolder, "..");

/** The folders of the repository that the pages are built from. */
const sourceFolders = ["dashboard", "ts-runtime/src/gen"] as const;

/**
 * The folder that holds the dashboard's `index.html` and what it loads. In the repository it is built first, if a source
 * is newer: about half a second, else some milliseconds.
 *
 * @throws Error where the pages are neither there nor can be built; it has what the build said.
 */
export async function dashboardAssets(): Promise<string> {
  const folder = join(packageFolder, "dashboard");
  const script = join(repository, "dashboard/build.ts");
  // Beside an installed package there is no such script.
  if (existsSync(script)) await buildIfOlder(folder, script);
  if (existsSync(join(folder, "index.html"))) return folder;
  throw new Error(`Cannot serve the dashboard, as ${folder} has no index.html: install the package anew`);
}

async function buildIfOlder(folder: string, script: string): Promise<void> {
  const builtAt = statSync(join(folder, "index.html"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (sourceFolders.every((name) => newestFile(join(repository, name)) < builtAt)) return;
  try {
    await promisify(execFile)(process.execPath, ["--conditions=samspel-source", script, folder]);
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    throw new Error(`Cannot build the dashboard's pages: ${said}`, { cause: error });
  }
}

/** When the newest file of a folder was changed, in ms; of the folders, too, as a file that is gone changes them. */
function newestFile(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.parentPath.includes("node_modules"))
    .reduce(
      (newest, entry) =>
        Math.max(
          newest,
          statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
        ),
      0,
    );
}
