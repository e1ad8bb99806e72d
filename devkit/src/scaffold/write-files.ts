// Writes what was planned, all or nothing, and over nothing that is there.
import { access, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ScaffoldError } from "./scaffold-error.ts";
import type { PlannedFile } from "./template.ts";

/** @throws ScaffoldError that names the files that are there already; then nothing was written. */
export async function writeFiles(folder: string, files: readonly PlannedFile[]): Promise<void> {
  await requireFree(folder, files);
  for (const { path, content } of files) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    // `wx`: whoever made it meanwhile keeps it.
    await writeFile(target, content, { flag: "wx", mode: path.endsWith(".sh") ? 0o755 : 0o644 });
  }
}

/** @throws ScaffoldError that names the files that are there already. */
export async function requireFree(folder: string, files: readonly PlannedFile[]): Promise<void> {
  const there: string[] = [];
  for (const { path } of files) {
    const found = await access(join(folder, path)).then(
      () => true,
      () => false,
    );
    if (found) there.push(path);
  }
  if (there.length === 0) return;
  const some = there.slice(0, 5).join(", ") + (there.length > 5 ? ` and ${there.length - 5} more` : "");
  throw new ScaffoldError(
    `Nothing is made in ${folder}, as it has ${some} already: choose another name or folder`,
  );
}
