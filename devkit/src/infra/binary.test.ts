import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { zipSync } from "fflate";
import t, { type Test } from "tap";
import { superviseProcesses } from "../process/index.ts";
import { cachedBinary, findBinary } from "./binary.ts";
import { resolveInfraOptions } from "./options.ts";
import type { PartContext } from "./part.ts";
import { consul as pinnedConsul, natsServer as pinnedNats, type Tool } from "./tools.ts";

// Nothing is downloaded from elsewhere in tests.
const natsServer: Tool = { ...pinnedNats, archives: {} };
const consul: Tool = { ...pinnedConsul, archives: {} };

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
  t.ok(progress.some((text) => text.startsWith(`building nats-server ${pinnedNats.version}`)));
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

/** A server with a release of its own: the program `echo nats-server: v2.12.7` in a real archive. */
async function release(
  t: Test,
  kind: "tar.gz" | "zip",
): Promise<{ data: Buffer; serve: (data: Buffer) => Promise<string> }> {
  const folder = t.testdir({
    release: { "nats-server": "#!/bin/sh\necho nats-server: v2.12.7\n", LICENSE: "free" },
  });
  const file = join(folder, `archive.${kind}`);
  if (kind === "zip") {
    writeFileSync(
      file,
      zipSync({ release: { "nats-server": readFileSync(join(folder, "release/nats-server")) } }),
    );
  } else {
    execFileSync("tar", ["-czf", file, "-C", folder, "release"]);
  }
  const serve = async (data: Buffer): Promise<string> => {
    const server = createServer((request, response) => {
      response.statusCode = request.url === "/gone" ? 404 : 200;
      response.end(data);
    }).listen(0, "127.0.0.1");
    t.teardown(() => server.close());
    await once(server, "listening");
    const address = server.address();
    return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  };
  return { data: readFileSync(file), serve };
}

function pinned(url: string, data: Buffer): Tool {
  const sha256 = createHash("sha256").update(data).digest("hex");
  return { ...pinnedNats, archives: { [`${process.platform}-${process.arch}`]: { url, sha256 } } };
}

for (const kind of ["tar.gz", "zip"] as const) {
  t.test(
    `findBinary() downloads the official release, a ${kind}, when there is nothing nearer`,
    async (t) => {
      const { data, serve } = await release(t, kind);
      const tool = pinned(`${await serve(data)}/archive.${kind}`, data);
      const { context: empty, progress } = context(t, {});
      const found = await findBinary(tool, empty);
      t.match(found, { version: pinnedNats.version, origin: "downloaded" });
      t.equal(execFileSync(found.path, { encoding: "utf8" }), "nats-server: v2.12.7\n", "it runs");
      t.ok(progress.some((text) => /^downloading nats-server: .* MB of .* MB$/.test(text)));
      t.match(await findBinary(tool, empty), { origin: "from the cache" });
    },
  );
}

t.test("findBinary() refuses a release that is not the pinned one, and leaves no binary", async (t) => {
  const { data, serve } = await release(t, "tar.gz");
  const tool = pinned(`${await serve(Buffer.concat([data, Buffer.from("!")]))}/archive.tar.gz`, data);
  const { context: empty } = context(t, { go: fakeGo });
  await t.rejects(findBinary(tool, empty), {
    name: "InfraError",
    message: /its SHA-256 must be [0-9a-f]{64}, but it is/,
  });
  t.notOk(existsSync(cachedBinary(tool, empty.options.cacheDir)), "and Go is not asked behind our back");
});

t.test(
  "findBinary() builds when the release cannot be had, and says why when it cannot build either",
  async (t) => {
    const { data, serve } = await release(t, "tar.gz");
    const tool = pinned(`${await serve(data)}/gone`, data);
    t.match(await findBinary(tool, context(t, { go: fakeGo }).context), { origin: "built with Go" });
    await t.rejects(findBinary(tool, context(t, {}).context), {
      message: /let the official release be downloaded \(http:.*\/gone: the server answered 404\)/,
    });
  },
);

t.test(
  "findBinary() names our guard in the lock (a killed run's guard deletes the draft later)",
  async (t) => {
    const { context: killed } = context(t, {
      go: `cp "$(dirname "$0")/../cache/bin/"*.lock "$(dirname "$0")/lock"; ${fakeGo}`,
    });
    await findBinary(natsServer, killed);
    const lock: unknown = JSON.parse(readFileSync(join(killed.options.searchPath[0] ?? "", "lock"), "utf8"));
    t.match(lock, { pid: process.pid, guardPid: killed.supervisor.guardPid() });
  },
);
