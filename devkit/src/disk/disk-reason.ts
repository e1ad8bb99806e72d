// What Node says of a disk that does not take what we write, in words that tell what to do.

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full: make room, and start again",
  EDQUOT: "your share of the disk is used up: make room, and start again",
  EROFS: "that disk is read-only: use another folder",
  EACCES: "this user may not use it: give the folder to this user, or use another folder",
  EPERM: "this user may not use it: give the folder to this user, or use another folder",
  ENOTDIR: "a file lies where a folder must be: move it away, or use another folder",
  EEXIST: "a file lies where a folder must be: move it away, or use another folder",
};

/** `/some/path cannot be written: the disk is full: …`; undefined where the error is of another kind. */
export function diskReason(error: unknown, cacheDir?: string): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || !("syscall" in error)) return undefined;
  // Ports can be denied too.
  if (error.syscall === "listen" || error.syscall === "connect") return undefined;
  // Node says so too where a folder above it is on a disk that is read-only.
  const unmade = error.code === "ENOENT" && error.syscall === "mkdir";
  const reason = reasons[unmade ? "EROFS" : String(error.code)];
  if (reason === undefined) return undefined;
  // Node names no path where it was writing to a file that is open.
  const path = "path" in error && typeof error.path === "string" ? error.path : undefined;
  const inCache = cacheDir !== undefined && path?.startsWith(cacheDir) === true;
  const hint = inCache ? " (the cache: SAMSPEL_CACHE_DIR can name another)" : "";
  return path === undefined ? reason : `${path} cannot be written, as ${reason}${hint}`;
}
