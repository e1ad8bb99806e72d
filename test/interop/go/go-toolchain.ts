// Whether Go is here, and what it builds.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Test } from "tap";

const run = promisify(execFile);

/** Why Go code cannot be built here, if so. */
export async function missingGo(): Promise<string | undefined> {
  return run("go", ["version"]).then(
    () => undefined,
    () => "`go version` does not answer: install Go",
  );
}

/** Builds the program of a folder, and gives its path; it is removed with the test. */
export async function buildGo(t: Test, folder: string): Promise<string> {
  const out = mkdtempSync(join(tmpdir(), "samspel-go-"));
  t.teardown(() => rmSync(out, { recursive: true, force: true }));
  const program = join(out, "program");
  await run("go", ["build", "-o", program, "."], { cwd: folder, maxBuffer: 16 * 1024 * 1024 });
  return program;
}
