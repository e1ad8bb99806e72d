// The .proto files of the last commit, for buf to compare with: an archive of them alone, made once for each commit. A
// clone, as buf would make it, takes long in a large repository.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const maxBuffer = 64 * 1024 * 1024;

/** What buf needs of a repository. */
const wanted = /(\.proto|(^|\/)buf(\.work)?\.(yaml|lock))$/;

/** A folder as it was in the last commit, as buf reads it; undefined where there is no commit. `dir` keeps archives. */
export async function lastCommit(folder: string, dir: string): Promise<string | undefined> {
  try {
    const args = ["rev-parse", "--show-toplevel", "HEAD", "--show-prefix"];
    const [root = "", commit = "", prefix = ""] = (await git(folder, args)).split("\n");
    const archive = join(dir, `protos-${commit}.tar`);
    if (!existsSync(archive)) await makeArchive(archive, root, commit);
    return `${archive}#format=tar${prefix === "" ? "" : `,subdir=${prefix.replace(/\/$/, "")}`}`;
  } catch {
    return undefined;
  }
}

async function makeArchive(archive: string, root: string, commit: string): Promise<void> {
  const listed = await git(root, ["ls-tree", "-r", "-z", "--name-only", "--full-tree", commit]);
  const files = listed.split("\0").filter((file) => wanted.test(file));
  const dir = dirname(archive);
  await mkdir(dir, { recursive: true });
  const made = `${archive}.${process.pid}`;
  await git(root, ["archive", "--format=tar", "-o", made, commit, "--", ...files]);
  await rename(made, archive);
  for (const name of await readdir(dir))
    if (/^protos-\w+\.tar$/.test(name) && name !== basename(archive))
      await rm(join(dir, name), { force: true });
}

async function git(folder: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run("git", ["-C", folder, ...args], { maxBuffer });
  return stdout;
}
