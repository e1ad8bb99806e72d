// Rust's tools, where they are.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Test } from "tap";

/** A cold build, on a machine that runs other tests. */
export const buildMs = 900_000;
export const rustFolder = join(import.meta.dirname, "../../../interop/rust");

/** Whether there is a cargo; where there is none, the test says so and is skipped. */
export async function hasCargo(t: Test): Promise<boolean> {
  const found = await promisify(execFile)("cargo", ["--version"]).then(
    () => true,
    () => false,
  );
  if (!found) t.pass("skipped", { skip: "`cargo --version` does not answer: install Rust 1.88 or later" });
  return found;
}
