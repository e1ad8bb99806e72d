// Samspel's own protos, which a project's protos import: copied into it, so that every language's compiler finds them.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PlannedFile } from "./template.ts";

const own = new URL("../../", import.meta.url).pathname;
const files = ["samspel/v1/options.proto", "samspel/v1/subscribe.proto"];

/** As `proto/vendor` of a project has them. */
export function vendoredProtos(): readonly PlannedFile[] {
  // The package has a copy, the repository the original.
  const packed = join(own, "proto");
  const folder = existsSync(packed) ? packed : join(own, "../proto");
  return files.map((path) => ({
    path: `proto/vendor/${path}`,
    text: readFileSync(join(folder, path), "utf8"),
  }));
}
