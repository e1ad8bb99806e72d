// The Python library's own unit tests; they need no infra.
import { join } from "node:path";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import t from "tap";
import { inventoryPython } from "./inventory-process.ts";

t.test("the Python library's unit tests pass", async (t) => {
  const library = join(import.meta.dirname, "../../../interop/python");
  const { stderr } = await promisify(execFile)(
    await inventoryPython(t),
    ["-m", "unittest", "discover", "-t", ".", "-s", "tests"],
    { cwd: library, env: { ...process.env, PYTHONPATH: "src", PYTHONDONTWRITEBYTECODE: "1" } },
  );
  t.match(stderr, /^Ran [1-9]\d* tests/m);
  t.match(stderr, /^OK$/m);
});
