// Copies the protos that `samspel new` gives to projects into the devkit's package: Samspel's own, and the rules of
// protovalidate.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const copies = [
  ["../proto/samspel/v1/", "../devkit/proto/samspel/v1/"],
  ["../proto/vendor/buf/validate/", "../devkit/proto/buf/validate/"],
];
for (const [from, to] of copies.map((pair) =>
  pair.map((path) => fileURLToPath(new URL(path, import.meta.url))),
)) {
  mkdirSync(to, { recursive: true });
  // What is right stays untouched, as the package may be packed twice at the same time.
  for (const name of readdirSync(from)) {
    const text = readFileSync(from + name, "utf8");
    if (!existsSync(to + name) || readFileSync(to + name, "utf8") !== text) writeFileSync(to + name, text);
  }
  for (const name of readdirSync(to)) {
    if (!existsSync(from + name)) rmSync(to + name);
  }
}
