// The types are the interface: the compiler checks the files beside this one, errors that must be there included.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import t from "tap";

const root = join(import.meta.dirname, "../..");

t.test("tsc refuses what is missing or misspelt, and takes what is right", async (t) => {
  const run = promisify(execFile)("npx", ["tsc", "-b", "--pretty", "false"], { cwd: root });
  const output = await run.then(
    () => "",
    (error: { stdout: string }) => error.stdout,
  );
  t.equal(output, "");
});
