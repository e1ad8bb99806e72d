#!/usr/bin/env node
// The `samspel` command.
import module from "node:module";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 12)) {
  // Here, as an older one does not get as far as the program.
  console.error(
    `Samspel needs Node 24.12 or newer: this is Node ${process.versions.node}. Install it from https://nodejs.org`,
  );
  process.exit(1);
}
// Imported afterwards, the program itself is compiled once for all runs.
module.enableCompileCache();
const { runCommandLine } = await import("./program.ts");
process.exit(await runCommandLine(process.argv));
