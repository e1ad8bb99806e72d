// `npm test` itself: what it says last is right, also when a file breaks; and nothing is left.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import t, { type Test } from "tap";

const root = join(import.meta.dirname, "../..");

/**
 * Runs one test file through test/run.ts, on the infra that this test has itself. It is a project of its own: tap empties the
 * folder in which it keeps what it knows of a project's run, and this test is part of one.
 */
async function run(
  t: Test,
  source: string,
): Promise<{ readonly code: number | null; readonly last: string }> {
  const folder = t.testdir({
    "it.test.mjs": source,
    "package.json": "{}",
    ".taprc": "disable-coverage: true\ntype-strip-only: true\n",
  });
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("TAP"));
  const child = spawn(
    process.execPath,
    ["--conditions=samspel-source", join(root, "test/run.ts"), "it.test.mjs"],
    { cwd: folder, env: { ...Object.fromEntries(own), TMPDIR: folder }, stdio: ["ignore", "pipe", "ignore"] },
  );
  t.teardown(() => child.kill("SIGKILL"));
  const code = new Promise<number | null>((resolve) => child.once("close", resolve));
  const lines = (await text(child.stdout)).trimEnd().split("\n");
  t.strictSame(
    readdirSync(folder).filter((name) => name.startsWith("samspel-test-")),
    [],
  );
  return { code: await code, last: lines.at(-1) ?? "" };
}

t.test("npm test counts what passed, and ends with 0", async (t) => {
  const source = `import t from "tap"; t.ok(1); t.test("x", async (t) => { t.ok(1); });`;
  t.strictSame(await run(t, source), { code: 0, last: "2 passed, 0 failed" });
});

t.test("npm test counts a file that crashes after its tests passed, and ends with 1", async (t) => {
  const source = `import t from "tap"; t.ok(1); setTimeout(() => process.kill(process.pid, "SIGKILL"), 50);
    await new Promise(() => {});`;
  t.strictSame(await run(t, source), { code: 1, last: "1 passed, 1 failed" });
});
