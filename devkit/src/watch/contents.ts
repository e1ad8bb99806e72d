// Remembers what files hold, by a hash: a file that was written with what it had is no change. So generators and
// editors that write everything anew restart nothing.
import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";

/** What a file that is not there holds. */
const gone = "gone";

export interface Contents {
  /** Remembers what the files hold now, where nothing is remembered yet. */
  learn(paths: readonly string[]): Promise<void>;
  /** Whether the file holds something else than what is remembered; remembers that. A file never seen has changed. */
  hasChanged(path: string): Promise<boolean>;
}

/** Creates an empty memory. */
export function rememberContents(): Contents {
  const known = new Map<string, string>();
  return {
    async learn(paths) {
      await Promise.all(
        paths.map(async (path) => {
          if (known.has(path)) return;
          const now = await hashOf(path);
          // A change that came in between has been told, and is remembered.
          if (now !== undefined && !known.has(path)) known.set(path, now);
        }),
      );
    },
    async hasChanged(path) {
      const now = await hashOf(path);
      // A folder: what is in it is told by itself.
      if (now === undefined) return false;
      const before = known.get(path) ?? (now === gone ? gone : undefined);
      known.set(path, now);
      return now !== before;
    },
  };
}

/** Undefined for what is no file. */
async function hashOf(path: string): Promise<string | undefined> {
  try {
    return hash("sha1", await readFile(path));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return code === "ENOENT" || code === "ENOTDIR" ? gone : undefined;
  }
}
