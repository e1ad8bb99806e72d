// Tells which files change in folders, by one watch of the operating system for each folder.
//
//   F1. A folder that appears in a watched tree is watched, and the files that it has by then are told.
//   F2. What is told may not have changed: who listens compares contents. What has changed is told.
//   F3. A folder that was replaced by another of its name is watched anew when it is added again.
import { readdirSync, statSync, watch, type FSWatcher } from "node:fs";
import { join } from "node:path";
import { isIgnored } from "./ignored.ts";

/** A folder, alone or with all below. */
export interface WatchedFolder {
  readonly path: string;
  readonly recursive: boolean;
}

export interface FolderWatcher {
  /** Watches this too. One that is not there is left out. */
  add(folder: WatchedFolder): void;
  close(): void;
}

export interface FolderWatcherOptions {
  /** Called with the path of a file or folder that appeared, changed or went away. */
  readonly onChange: (path: string) => void;
  /** Called once with what the system refuses: from then on changes may be missed. */
  readonly onError: (error: Error) => void;
}

interface Watched {
  readonly watcher: FSWatcher;
  readonly inode: number;
  recursive: boolean;
}

/** Creates a watcher of nothing. It does not keep the process alive. */
export function watchFolders({ onChange, onError }: FolderWatcherOptions): FolderWatcher {
  const folders = new Map<string, Watched>();
  let failed = false;
  let closed = false;

  const fail = (cause: unknown): void => {
    if (failed || closed) return;
    failed = true;
    onError(explain(cause));
  };

  const forget = (path: string): void => {
    folders.get(path)?.watcher.close();
    folders.delete(path);
  };

  const add = ({ path, recursive }: WatchedFolder): readonly string[] => {
    if (closed) return [];
    const inode = inodeOf(path);
    const known = folders.get(path);
    if (inode === undefined) {
      forget(path);
      return [];
    }
    if (known?.inode === inode && (known.recursive || !recursive)) return [];
    if (known?.inode !== inode) {
      forget(path);
      try {
        // `persistent: false` alone would still hold a handle that ends with the process only.
        const watcher = watch(path, { persistent: false }, (_, name) => changed(path, name));
        watcher.on("error", fail);
        folders.set(path, { watcher, inode, recursive });
      } catch (error) {
        fail(error);
        return [];
      }
    } else known.recursive = recursive;
    return recursive ? below(path) : [];
  };

  /** Watches what is below a folder; gives the files there. */
  const below = (path: string): readonly string[] =>
    entriesOf(path).flatMap((entry) => {
      const child = join(path, entry.name);
      return entry.isDirectory() ? add({ path: child, recursive: true }) : [child];
    });

  const changed = (folder: string, name: string | null): void => {
    if (name === null || closed) return;
    if (isIgnored(name)) return;
    const path = join(folder, name);
    // F1: of a new folder, all that is in it is news.
    const news =
      folders.get(folder)?.recursive === true && isFolder(path) ? add({ path, recursive: true }) : [];
    onChange(path);
    for (const file of news) onChange(file);
  };

  return {
    add: (folder) => void add(folder),
    close() {
      closed = true;
      for (const { watcher } of folders.values()) watcher.close();
      folders.clear();
    },
  };
}

/** The files below a folder, without what is ignored; none where it is not there. */
export function filesBelow(folder: string, recursive: boolean): readonly string[] {
  return entriesOf(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) return [path];
    return recursive ? filesBelow(path, true) : [];
  });
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !isIgnored(name));
  } catch {
    // It went away, or is no folder.
    return [];
  }
}

export const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

function inodeOf(path: string): number | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isDirectory() === true ? found.ino : undefined;
}

function explain(cause: unknown): Error {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ENOSPC" || code === "EMFILE")
    return new Error(
      "Cannot watch all files, as the system allows no more watches: changes may be missed. Raise " +
        "fs.inotify.max_user_watches and fs.inotify.max_user_instances (sysctl), or name fewer folders in `watch`",
      { cause },
    );
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(`Cannot watch all files: changes may be missed: ${reason}`, { cause });
}
