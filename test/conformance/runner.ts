// The runner of connectrpc's conformance suite, built from a pinned module.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import type { Test } from "tap";

const here = import.meta.dirname;
const version = "v1.0.5";

/** Runs the suite on one of the programs here, by its configuration of the same name; all cases must pass. */
export async function passesConformance(t: Test, name: "server" | "gateway" | "client"): Promise<void> {
  const mode = name === "client" ? "client" : "server";
  const program = [process.execPath, "--conditions=samspel-source", join(here, `${name}.ts`)];
  const runner = spawn(
    await builtRunner(),
    // Few programs at a time: the suite waits for their start, which takes long where there is much else to do.
    ["--mode", mode, "--max-servers", "2", "--conf", join(here, `${name}.yaml`), "--", ...program],
    // A group of its own, so that its programs end with it.
    { detached: true, stdio: ["ignore", "pipe", "pipe"] },
  );
  t.teardown(() => {
    try {
      if (runner.pid !== undefined) process.kill(-runner.pid, "SIGKILL");
    } catch {
      // All have ended by themselves.
    }
  });
  const [output, errors, [code]] = await Promise.all([
    text(runner.stdout),
    text(runner.stderr),
    once(runner, "exit"),
  ]);
  t.equal(code, 0, `${output}${errors}`.slice(-4_000));
  t.match(`${output}${errors}`, /[1-9]\d{2,} passed, 0 failed/);
}

/** Built once. */
async function builtRunner(): Promise<string> {
  const folder = join(here, "../../node_modules/.cache/connectconformance", version);
  const program = join(folder, "connectconformance");
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true });
    const built = `${program}-${process.pid}`;
    const command = "connectrpc.com/conformance/cmd/connectconformance";
    await promisify(execFile)("go", ["build", "-o", built, command], { cwd: join(here, "go") });
    renameSync(built, program);
  }
  return program;
}
