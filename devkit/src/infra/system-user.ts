// Postgres refuses to run as root. So under root it runs as an unprivileged user, and its binaries and data must
// lie where that user can reach them: a checkout or a cache under /root is not such a place.
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { SystemUser } from "../process/index.ts";
import { InfraError } from "./infra-error.ts";

const candidates = ["nobody", "postgres"];
const rootsOwnPlace = "/var/lib/samspel";

/** Whom Postgres runs as when we are root; undefined: as ourselves. */
export function postgresUser(): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = parsePasswd(readFileSync("/etc/passwd", "utf8"));
  for (const name of candidates) {
    const user = accounts.get(name);
    if (user !== undefined && user.uid !== 0) return user;
  }
  throw new InfraError(
    `Cannot start Postgres as root: it needs an unprivileged user, ${candidates.join(" or ")}, and /etc/passwd has ` +
      "neither. Add one, run as an ordinary user, or set DATABASE_URL to a running Postgres",
    { part: "postgres" },
  );
}

/** The accounts of an /etc/passwd, by name. */
export function parsePasswd(text: string): Map<string, SystemUser> {
  const accounts = new Map<string, SystemUser>();
  for (const line of text.split("\n")) {
    const [name, , uid, gid] = line.split(":");
    // macOS writes nobody's ids as -2.
    if (name !== undefined && uid !== undefined && gid !== undefined && /^-?\d+$/.test(uid)) {
      accounts.set(name, { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 });
    }
  }
  return accounts;
}

/** Whether the user can pass through the folder and all above it. Access lists are not looked at. */
export function canReach(user: SystemUser, folder: string): boolean {
  for (let path = folder; ; path = dirname(path)) {
    const { mode, uid, gid } = statSync(path);
    const mask = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & mask) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

/** The folder itself, made if need be; or, where the user cannot reach it, a place for it under /var/lib/samspel. */
export async function reachableFolder(user: SystemUser | undefined, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  if (user === undefined || canReach(user, folder)) return folder;
  const place = join(rootsOwnPlace, createHash("sha256").update(folder).digest("hex").slice(0, 16));
  await mkdir(place, { recursive: true, mode: 0o755 });
  return place;
}
