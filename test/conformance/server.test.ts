// connectrpc's conformance suite against our server, and against our gateway before it: every protocol, HTTP version,
// codec and kind of method. No case is known to fail. It takes about a minute; alone:
// `npm test -- test/conformance/server.test.ts`.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import t, { type Test } from "tap";

const here = import.meta.dirname;
const version = "v1.0.5";

/** The suite's runner, built once from the pinned module. */
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

/** Runs the suite against one of the programs here, by its configuration of the same name. */
async function conforms(t: Test, name: "server" | "gateway", passed: RegExp): Promise<void> {
  const server = [process.execPath, "--conditions=samspel-source", join(here, `${name}.ts`)];
  const runner = spawn(
    await builtRunner(),
    // Few programs at a time: the suite waits for their start, which takes long where there is much else to do.
    ["--mode", "server", "--max-servers", "2", "--conf", join(here, `${name}.yaml`), "--", ...server],
    // A group of its own, so that its servers end with it.
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
  t.match(`${output}${errors}`, passed);
}

t.test("startRpcServer() passes connectrpc's conformance suite", (t) =>
  conforms(t, "server", /[1-9]\d{3} passed, 0 failed/),
);

t.test("startGateway() passes it, too", (t) => conforms(t, "gateway", /[1-9]\d{2,} passed, 0 failed/));
