// The Python library's own gate: format, lint, types, and unit tests that need no infra.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import t from "tap";

const run = promisify(execFile);
const library = join(import.meta.dirname, "../../../interop/python");

t.test("the Python library is formatted, linted, typed and tested", async (t) => {
  const python = await run("python3", ["-c", "import ensurepip, venv"]).then(
    () => true,
    () => false,
  );
  if (!python) {
    t.pass("", { skip: "python3 with venv is not there: on Debian, apt install python3-venv" });
    return;
  }
  const { stderr } = await run("sh", ["check.sh"], { cwd: library, maxBuffer: 64 * 1024 * 1024 });
  t.match(stderr, /^Ran [1-9]\d* tests/m);
  t.match(stderr, /^OK$/m);
});
