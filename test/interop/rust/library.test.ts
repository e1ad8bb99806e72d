// The Rust code's own gate: format, lint, unit tests and the README's examples; it needs no infra.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import t from "tap";
import { buildMs, hasCargo, rustFolder } from "./toolchain.ts";

t.setTimeout(buildMs + 60_000);

t.test("the Rust code passes its gate", async (t) => {
  if (!(await hasCargo(t))) return;
  const { stdout } = await promisify(execFile)("sh", ["check.sh"], {
    cwd: rustFolder,
    timeout: buildMs,
    maxBuffer: 64 * 1024 * 1024,
  });
  t.match(stdout, /test result: ok\. [1-9]\d* passed; 0 failed/);
});
