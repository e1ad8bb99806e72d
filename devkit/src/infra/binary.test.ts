import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { superviseProcesses } from "../process/index.ts";
import { cachedBinary, findBinary } from "./binary.ts";
import { resolveInfraOptions } from "./options.ts";
import type { PartContext } from "./part.ts";
import { consul, natsServer } from "./tools.ts";

/** A context whose PATH is one folder of the test's own, and whose cache is empty. */
function context(
  t: Test,
  programs: Readonly<Record<string, string>>,
): { context: PartContext; progress: string[] } {
  const folder = t.testdir({ bin: {}, cache: {} });
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(folder, "bin", name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, "bin", name), 0o755);
  }
  const supervisor = superviseProcesses();
  t.teardown(() => supervisor.stop());
  const options = resolveInfraOptions(
    {
      dataDir: join(folder, "data"),
      cacheDir: join(folder, "cache"),
      searchPath: [join(folder, "bin")],
      supervisor,
    },
    {},
  );
  const progress: string[] = [];
  const step = { progress: (text: string) => progress.push(text), done() {}, fail() {} };
  return { context: { options, supervisor, step, signal: new AbortController().signal }, progress };
}

// As `go build -v -mod=readonly -trimpath -o OUT PACKAGE`.
const fakeGo = `echo run >> "$(dirname "$0")/runs"; sleep 0.3; echo package/a >&2; echo binary > "$6"; chmod +x "$6"`;

t.test("findBinary() lists every way when there is nothing", async (t) => {
  await t.rejects(findBinary(natsServer, context(t, {}).context), {
    name: "InfraError",
    message: /NATS_URL[\s\S]*PATH \(it has none\)[\s\S]*install Go 1\.25 or newer[\s\S]*\/cache/,
  });
});

t.test("findBinary() says what it found when that is too old", async (t) => {
  const old = context(t, { consul: "echo Consul v1.9.3" }).context;
  await t.rejects(findBinary(consul, old), { message: /bin\/consul is version 1\.9\.3/ });
});

t.test("findBinary() takes what is on PATH when it is recent", async (t) => {
  const { context: recent } = context(t, { "nats-server": "echo nats-server: v2.14.0" });
  t.match(await findBinary(natsServer, recent), { version: "2.14.0", origin: "from PATH" });
});

t.test("findBinary() builds once when two look for it at the same time", async (t) => {
  const { context: both, progress } = context(t, { go: fakeGo });
  const found = await Promise.all([findBinary(natsServer, both), findBinary(natsServer, both)]);
  for (const { path } of found) t.equal(readFileSync(path, "utf8"), "binary\n");
  t.equal(readFileSync(join(both.options.searchPath[0] ?? "", "runs"), "utf8"), "run\n");
  t.ok(progress.some((text) => text.startsWith("building nats-server 2.12.15")));
  t.ok(progress.some((text) => text.endsWith("waiting for it")));
  t.match(await findBinary(natsServer, both), { origin: "from the cache" });
});

t.test("findBinary() tells what Go said when a build fails, and leaves no binary", async (t) => {
  const { context: failing } = context(t, { go: `echo "go.mod requires go >= 1.25" >&2; exit 1` });
  await t.rejects(findBinary(natsServer, failing), {
    message: /`go build` exited with code 1[\s\S]*requires go >= 1\.25[\s\S]*NATS_URL/,
  });
  t.notOk(existsSync(cachedBinary(natsServer, failing.options.cacheDir)));
});
