#!/usr/bin/env node
// The `samspel` command.
import { enableCompileCache } from "node:module";

// Imported afterwards, the program itself is compiled once for all runs.
enableCompileCache();
const { runCommandLine } = await import("./program.ts");
process.exit(await runCommandLine(process.argv));
