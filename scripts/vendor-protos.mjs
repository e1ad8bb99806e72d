// Copies Samspel's own protos into the devkit's package: `samspel new` gives them to projects.
import { cpSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [from, to] = ["../proto/samspel/v1", "../devkit/proto/samspel/v1"].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);
rmSync(to, { recursive: true, force: true });
cpSync(from, to, { recursive: true });
