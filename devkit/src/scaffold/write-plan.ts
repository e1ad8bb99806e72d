// Files are written all or not at all, and never over one that is there.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ScaffoldError } from "./scaffold-error.ts";
import type { PlannedFile } from "./template.ts";

/** What is to be written in a project's folder. */
export interface Plan {
  readonly created: readonly PlannedFile[];
  /** Files that are there, with their new text. */
  readonly changed: readonly PlannedFile[];
}

/** @throws ScaffoldError where a file to be created is there; nothing is written then. */
export function checkPlan(root: string, { created }: Plan): void {
  const there = created.filter(({ path }) => existsSync(join(root, path)));
  if (there.length === 0) return;
  throw new ScaffoldError(
    `Nothing was written, as these are there already:\n${there.map(({ path }) => `  ${path}`).join("\n")}`,
  );
}

/** Writes what `checkPlan` let pass. */
export function writePlan(root: string, { created, changed }: Plan): void {
  for (const { path, text } of created) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    // The flag says it once more: another process may have been quicker.
    writeFileSync(join(root, path), text, { flag: "wx" });
  }
  for (const { path, text } of changed) writeFileSync(join(root, path), text);
}
