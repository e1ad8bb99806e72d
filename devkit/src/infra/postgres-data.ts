// Data folders of Postgres. `initdb` takes 310 ms, a copy of what it made 20 ms: so it runs once per version, into
// a template in the cache.
//
// Authentication: loopback only, no Unix socket, SCRAM with a random password. `trust` would let every user of
// the machine be superuser. The password is made with the template, and lies beside each copy in a file that only
// its owner reads.
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, chown, copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import type { Supervisor, SystemUser } from "../process/index.ts";
import { acquireFileLock } from "./file-lock.ts";
import { InfraError } from "./infra-error.ts";
import type { PostgresBinaries } from "./postgres-binaries.ts";
import { runToEnd } from "./run-to-end.ts";

const initdbArgs = [
  "--username=postgres",
  "--auth=scram-sha-256",
  "--encoding=UTF8",
  "--locale=C",
  "--no-instructions",
  "--no-sync",
];

// Other arguments make another template.
const templateKey = crc32(initdbArgs.join(" ")).toString(16);

/** What is needed to make data folders. */
export interface PostgresDataOptions {
  readonly binaries: PostgresBinaries;
  readonly user: SystemUser | undefined;
  readonly supervisor: Supervisor;
  /** Within the user's reach. */
  readonly cacheDir: string;
  readonly signal: AbortSignal;
}

/** A data folder that is there, and its superuser's password. */
export interface PostgresData {
  readonly folder: string;
  readonly password: string;
}

/** Makes `home/pgdata` from the template if it is not there. @throws InfraError when another version wrote it. */
export async function preparePostgresData(home: string, options: PostgresDataOptions): Promise<PostgresData> {
  const folder = join(home, "pgdata");
  const passwordFile = join(home, "password");
  if (!existsSync(join(folder, "PG_VERSION"))) {
    const template = await postgresTemplate(options);
    const draft = `${folder}.draft`;
    await rm(draft, { recursive: true, force: true });
    try {
      // cp keeps the owner when we are root, and is far faster here than Node's own copying.
      await runToEnd(options.supervisor, {
        name: "cp",
        command: "cp",
        args: ["-Rp", join(template, "pgdata"), draft],
      });
    } catch (error) {
      // On a full disk half a copy is in everybody's way.
      await rm(draft, { recursive: true, force: true });
      throw error;
    }
    await copyFile(join(template, "password"), passwordFile);
    await chmod(passwordFile, 0o600);
    await rename(draft, folder);
  }
  await requireSameMajor(folder, options.binaries.version);
  return { folder, password: (await readFile(passwordFile, "utf8")).trim() };
}

async function postgresTemplate(options: PostgresDataOptions): Promise<string> {
  const { binaries, user, cacheDir, supervisor, signal } = options;
  const template = join(cacheDir, `postgres-${binaries.version}-template-${templateKey}`);
  if (existsSync(template)) return template;
  await mkdir(dirname(template), { recursive: true });
  const lock = await acquireFileLock(`${template}.lock`, {
    guardPid: supervisor.guardPid(),
    signal,
    wait: () => true,
  });
  try {
    if (existsSync(template)) return template;
    const draft = `${template}.draft`;
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft, { mode: 0o755 });
    const passwordFile = join(draft, "password");
    await writeFile(passwordFile, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600 });
    if (user !== undefined) for (const path of [draft, passwordFile]) await chown(path, user.uid, user.gid);
    await runToEnd(supervisor, {
      name: "initdb",
      command: binaries.initdb,
      args: [...initdbArgs, `--pgdata=${join(draft, "pgdata")}`, `--pwfile=${passwordFile}`],
      cwd: draft,
      env: postgresEnvironment,
      ...(user === undefined ? {} : { user }),
    });
    if (user !== undefined) for (const path of [draft, passwordFile]) await chown(path, 0, 0);
    await rename(draft, template);
    return template;
  } finally {
    lock.release();
  }
}

/** Neither PGDATA and its kin nor a foreign locale reach our Postgres. */
export const postgresEnvironment: Readonly<Record<string, string>> = {
  PATH: "/usr/bin:/bin",
  LC_ALL: "C",
  TZ: "UTC",
};

async function requireSameMajor(folder: string, version: string): Promise<void> {
  const written = (await readFile(join(folder, "PG_VERSION"), "utf8")).trim();
  if (version.split(".")[0] === written) return;
  throw new InfraError(
    `Cannot start Postgres ${version} on ${folder} as PostgreSQL ${written} wrote it: dump it with that version, ` +
      "or start fresh (this deletes the data)",
    { part: "postgres" },
  );
}
