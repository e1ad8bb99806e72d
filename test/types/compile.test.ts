// The types are the interface: the compiler checks the files beside this one, errors that must be there included.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import t from "tap";

const root = join(import.meta.dirname, "../..");

t.test("tsc refuses what is missing or misspelt, and takes what is right", async (t) => {
  // The compiler does not bear the module hooks that tap gives to each Node below it.
  const tsc = ["-u", "NODE_OPTIONS", join(root, "node_modules/.bin/tsc"), "-b", "--pretty", "false"];
  const output = await promisify(execFile)("env", tsc, { cwd: root }).then(
    () => "",
    (error: Error & { stdout: string }) => error.stdout || error.message,
  );
  t.equal(output, "");
});
