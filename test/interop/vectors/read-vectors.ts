// The vectors of interop/vectors, which every language is held to.
import { readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../../../interop/vectors");

/** What a file has; its shape is the test's to know. */
export function readVectors(name: string): unknown {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
}
