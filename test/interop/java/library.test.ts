// The gate of the Java code: its format, its compiler's warnings and its unit tests; they need no infra.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import t from "tap";
import { buildMs, javaFolder, missingJava } from "./billing-process.ts";

t.setTimeout(buildMs + 60_000);
const missing = await missingJava();

t.test("Java's code is formatted, free of warnings, and its unit tests pass", async (t) => {
  if (missing !== undefined) {
    t.pass("skipped", { skip: missing });
    return;
  }
  const { stdout } = await promisify(execFile)("sh", ["check.sh"], {
    cwd: javaFolder,
    timeout: buildMs,
    maxBuffer: 16 * 1024 * 1024,
  });
  t.match(stdout, /^\[INFO\] Tests run: [1-9]\d*, Failures: 0, Errors: 0, Skipped: 0$/m);
});
