// What changed in proto files since a commit, and breaks callers or stored events. Only the proto files of then are taken out
// of git: buf itself would clone it, with all that is beside them.
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { runProgram, type Outcome } from "./program.ts";

export async function checkBreaking(
  dir: string,
  ref: string,
): Promise<Outcome | { readonly skipped: string }> {
  const listed = await runProgram(["git", "ls-tree", "-r", "--name-only", ref], dir);
  if (listed.code !== 0) return { skipped: `git does not know ${ref} here` };
  const paths = listed.output.split("\n").filter((path) => path.endsWith(".proto"));
  if (paths.length === 0) return { skipped: `${ref} has no proto files here` };
  const then = await mkdtemp(join(tmpdir(), "samspel-against-"));
  try {
    for (const path of paths) {
      const { code, output } = await runProgram(["git", "show", `${ref}:./${path}`], dir);
      if (code !== 0) return { code, output };
      await mkdir(dirname(join(then, path)), { recursive: true });
      await writeFile(join(then, path), output);
    }
    await cp(join(dir, "buf.yaml"), join(then, "buf.yaml"));
    return await runProgram(["buf", "breaking", "--against", then], dir);
  } finally {
    await rm(then, { recursive: true, force: true });
  }
}
